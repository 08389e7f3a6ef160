"""Object types, and whether a capability may be sealed or unsealed with a given authority.

Source: CHERIoT ISA, CSeal, CUnseal, CGetType.
"""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.cap.layout import Cap, Expanded
from rtl.cap.perms import grants
from rtl.isa.capfmt import META

STORED = META["otype"]
BITS = STORED + 1
"""Types are small numbers: those of capabilities without EX have a bit on top of the stored ones."""


class SealCheck(wiring.Component):
    """Combinational. `otype` is the architectural type of `cap`.

    `allowed` tells whether `authority` may seal `cap` with the type that is the authority's address or, if
    `unseal` is set, unseal it. The tag of `cap` does not matter.
    """

    cap: In(Cap)
    authority: In(Expanded)
    unseal: In(1)
    otype: Out(BITS)
    allowed: Out(1)

    def elaborate(self, platform):
        m = Module()
        key, low, high = self.authority.cap, self.authority.base, self.authority.top
        sealed, executable = self.cap.sealed(), grants(self.cap.meta.perms, "EX")
        wanted = Signal(BITS)
        exists, in_bounds, permitted = Signal(), Signal(), Signal()
        m.d.comb += [
            self.otype.eq(Cat(self.cap.meta.otype, sealed & ~executable)),
            wanted.eq(Mux(self.unseal, self.otype, key.address)),
            exists.eq((key.address[BITS:] == 0) & (key.address[:STORED] != 0) & (key.address[STORED] == ~executable)),
            in_bounds.eq((low[BITS:] == 0) & (low[:BITS] <= wanted) & ((high[BITS:] != 0) | (wanted < high[:BITS]))),
            permitted.eq(
                Mux(
                    self.unseal,
                    sealed & grants(key.meta.perms, "US"),
                    ~sealed & grants(key.meta.perms, "SE") & exists,
                )
            ),
            self.allowed.eq(key.tag & ~key.sealed() & in_bounds & permitted),
        ]
        return m
