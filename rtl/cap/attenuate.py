"""What a loaded capability keeps of its rights, and whether its tag depends on the revocation bitmap.

Source: CHERIoT ISA, clc. The rules are stated for the 12-bit permissions; here they act on the stored form,
format by format.
"""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.cap.layout import Cap
from rtl.cap.perms import type_authority
from rtl.isa.capfmt import COMPRESSED_GLOBAL, META


class Attenuator(wiring.Component):
    """Combinational. `keep_*` are permissions MC, LG and LM of the authority that was loaded through.

    `filtered` tells that the result loses its tag if the granule at its base is revoked.
    """

    loaded: In(Cap)
    keep_tag: In(1)
    keep_global: In(1)
    keep_mutable: In(1)
    result: Out(Cap)
    filtered: Out(1)

    def elaborate(self, platform):
        m = Module()
        tag = Signal()
        old, new = self.loaded.meta.perms, Signal(META["perms"])
        strip_lg, strip_lm = Signal(), Signal()
        m.d.comb += [
            tag.eq(self.loaded.tag & self.keep_tag),
            strip_lg.eq(tag & ~self.keep_global & ~self.loaded.sealed()),
            strip_lm.eq(tag & ~self.keep_mutable & ~self.loaded.sealed()),
            new.eq(old),
            new[COMPRESSED_GLOBAL].eq(old[COMPRESSED_GLOBAL] & (~tag | self.keep_global)),
            self.result.eq(self.loaded),
            self.result.meta.perms.eq(new),
            self.result.tag.eq(tag),
            self.filtered.eq(tag & ~type_authority(old)),
        ]
        with m.Switch(old[:COMPRESSED_GLOBAL]):
            with m.Case("01---", "101--"):  # executable, read-only: ... LM LG
                m.d.comb += new[:2].eq(old[:2] & ~Cat(strip_lg, strip_lm))
            with m.Case("11---"):  # read-write: SL LM LG; without SD it is read-only
                m.d.comb += new[0].eq(old[0] & ~strip_lg)
                with m.If(strip_lm):
                    m.d.comb += new[1:COMPRESSED_GLOBAL].eq(0b1010)
            with m.Case("1001-"):  # data with LD: LD SD
                m.d.comb += new[0].eq(old[0] & ~strip_lm)
            with m.Case("1000-"):  # only stores: nothing is left without SD
                with m.If(strip_lm):
                    m.d.comb += new[:COMPRESSED_GLOBAL].eq(0)
        return m
