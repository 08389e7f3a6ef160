"""Jumps through a capability: which ones are allowed, what they do to interrupts, and the link they leave.

Source: CHERIoT ISA, CJAL and CJALR.
"""

from amaranth.hdl import Cat, Module, Mux
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.cap.layout import Cap, Expanded
from rtl.cap.perms import grants
from rtl.isa.capfmt import EXPONENT_MAX_STORED, Otype
from rtl.isa.trap import CapFault

LINK = 1
"""cra: links written to it are sealed, jumps through it without a link are returns."""
RETURNS = (Otype.RETURN_DISABLE, Otype.RETURN_ENABLE)
CALLS = (Otype.UNSEALED, Otype.SENTRY_INHERIT, Otype.SENTRY_DISABLE, Otype.SENTRY_ENABLE)
OTHERS = (Otype.UNSEALED, Otype.SENTRY_INHERIT)


def one_of(value, choices):
    return Cat(*(value == choice for choice in choices)).any()


class JumpUnit(wiring.Component):
    """Combinational. `fault` speaks of a cjalr through `target`; `link` serves cjal too.

    `posture` and `posture_mie`: the sentry sets the interrupt enable. `following` is the address behind the
    jump, which is itself within `pcc`.
    """

    target: In(Cap)
    offset: In(12)
    rd: In(4)
    rs1: In(4)
    following: In(32)
    pcc: In(Expanded)
    mie: In(1)
    fault: Out(CapFault)
    posture: Out(1)
    posture_mie: Out(1)
    link: Out(Expanded)

    def elaborate(self, platform):
        m = Module()
        otype = self.target.meta.otype
        executable = grants(self.target.meta.perms, "EX")
        call, ret = self.rd == LINK, (self.rd == 0) & (self.rs1 == LINK)
        allowed = Mux(ret, one_of(otype, RETURNS), Mux(call, one_of(otype, CALLS), one_of(otype, OTHERS)))
        with m.If(~self.target.tag):
            m.d.comb += self.fault.eq(CapFault.TAG)
        with m.Elif(~allowed | (self.target.sealed() & ((self.offset != 0) | ~executable))):
            m.d.comb += self.fault.eq(CapFault.SEAL)
        with m.Elif(~executable):
            m.d.comb += self.fault.eq(CapFault.PERMIT_EXECUTE)
        m.d.comb += [
            self.posture.eq(otype >= Otype.SENTRY_DISABLE),
            self.posture_mie.eq(one_of(otype, (Otype.SENTRY_ENABLE, Otype.RETURN_ENABLE))),
            self.link.eq(self.pcc),
            self.link.cap.address.eq(self.following),
            # The jump is in bounds, so its end is representable unless it wraps around.
            self.link.cap.tag.eq((self.following != 0) | (self.pcc.cap.meta.exp == EXPONENT_MAX_STORED)),
        ]
        with m.If(call):
            m.d.comb += self.link.cap.meta.otype.eq(Mux(self.mie, Otype.RETURN_ENABLE, Otype.RETURN_DISABLE))
        return m
