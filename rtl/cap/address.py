"""Whether a capability can have another address and keep its bounds.

Source: CHERIoT ISA, "Representability": the representable window starts at the base and has 2**(e + 9) bytes;
it ends at 2**32 in any case. With e = 24 every address is representable.
"""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.cap.exponent import below_unit, below_window
from rtl.isa.capfmt import ADDRESS_BITS, META, TOP_BITS


class Representability(wiring.Component):
    """Combinational. Meant for the base of a tagged capability and a 32-bit `address`.

    `offset` is `address` - `base` modulo 2**33, for addresses of 33 bits too.
    """

    base: In(ADDRESS_BITS)
    exp: In(META["exp"])
    address: In(TOP_BITS)
    offset: Out(TOP_BITS)
    representable: Out(1)

    def elaborate(self, platform):
        m = Module()
        m.d.comb += [
            self.offset.eq(self.address - self.base),
            self.representable.eq((self.offset & ~below_window(below_unit(self.exp))) == 0),
        ]
        return m
