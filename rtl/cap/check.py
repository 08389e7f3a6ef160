"""The checks that a load or store must pass before it reaches memory.

Source: CHERIoT ISA, "Checks of data accesses", in their order: tag, seal, permission, store of a capability,
bounds, alignment of capabilities. The bounds are tested for the effective address, without wrap-around.
"""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.cap.layout import Expanded
from rtl.cap.perms import grants
from rtl.isa.capfmt import ADDRESS_BITS, GRANULE, TOP_BITS
from rtl.isa.trap import CapFault


class AccessCheck(wiring.Component):
    """Combinational.

    The access goes through `authority` to 2**`size` bytes at `address`; those of 8 bytes move a capability.
    `value_tag` is the tag of the capability to be stored. `misaligned` is set only if `fault` is NONE.
    """

    authority: In(Expanded)
    address: In(ADDRESS_BITS)
    size: In(2)
    store: In(1)
    value_tag: In(1)
    fault: Out(CapFault)
    misaligned: Out(1)

    def elaborate(self, platform):
        m = Module()
        cap = self.authority.cap
        capability = self.size == GRANULE.bit_length() - 1
        # The last address with room for the access does not wait for the address, which comes late.
        last, above, room = Signal(TOP_BITS + 1), Signal(TOP_BITS), Signal(TOP_BITS + 1)
        m.d.comb += [
            last.eq(self.authority.top - (1 << self.size)),
            above.eq(self.address - self.authority.base),
            room.eq(last[:-1] - self.address),
        ]
        inside = ~above[-1] & ~last[-1] & ~room[-1]
        with m.If(~cap.tag):
            m.d.comb += self.fault.eq(CapFault.TAG)
        with m.Elif(cap.sealed()):
            m.d.comb += self.fault.eq(CapFault.SEAL)
        with m.Elif(~self.store & ~grants(cap.meta.perms, "LD")):
            m.d.comb += self.fault.eq(CapFault.PERMIT_LOAD)
        with m.Elif(self.store & ~grants(cap.meta.perms, "SD")):
            m.d.comb += self.fault.eq(CapFault.PERMIT_STORE)
        with m.Elif(self.store & capability & self.value_tag & ~grants(cap.meta.perms, "MC")):
            m.d.comb += self.fault.eq(CapFault.PERMIT_STORE_CAPABILITY)
        with m.Elif(~inside):
            m.d.comb += self.fault.eq(CapFault.BOUNDS)
        with m.Elif(capability):
            m.d.comb += self.misaligned.eq((self.address % GRANULE).any())
        return m
