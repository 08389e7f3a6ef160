"""Deliberate faults of the circuit, one per unit, to see (and test) that the checkers notice.

A fault appends assignments to what a component's `elaborate` returns; the last assignment to a signal wins, so the
circuit's own text knows nothing of faults. All are built into one design, and a number chooses between them.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from unittest.mock import patch

from amaranth.hdl import Module, Signal, Value
from amaranth.lib.wiring import Component

from cosim.errors import UserError
from rtl.cap.attenuate import Attenuator
from rtl.cap.check import AccessCheck
from rtl.cap.perms import grants
from rtl.cap.seal import SealCheck
from rtl.cap.setbounds import BoundsEncoder
from rtl.core.alu import Alu
from rtl.core.control import Size
from rtl.core.csrfile import CsrFile
from rtl.core.decoder import Expander
from rtl.core.execute import Execute
from rtl.core.jump import JumpUnit
from rtl.core.loadstore import LoadAligner
from rtl.core.memory import MemoryStage
from rtl.core.muldiv import MulDiv, MulDivOp
from rtl.core.scrfile import SpecialRegisters
from rtl.isa.trap import CapFault
from rtl.mem.revbits import RevocationBits
from rtl.mem.sram import Sram

SELECT_BITS = 5
PORT = "fault"
"""Input of a design with faults: 0 for none, or the number of one, counted from 1."""


@dataclass(frozen=True)
class Fault:
    """`spoil` adds the wrong assignments to the module of a component of class `where`."""

    name: str
    text: str
    where: type[Component]
    spoil: Callable[[Module, Component], None]


FAULTS: list[Fault] = []


def fault(name: str, text: str, where: type[Component]):
    def register(spoil: Callable[[Module, Component], None]):
        FAULTS.append(Fault(name, text, where, spoil))
        return spoil

    return register


@fault("load-filter", "the load filter lets capabilities to freed memory keep their tag", RevocationBits)
def _(m, bits):
    m.d.comb += bits.lookup.revoked.eq(0)


@fault("pcc-bounds", "a jump gives PCC a top at the end of the address space", SpecialRegisters)
def _(m, scrs):
    with m.If(scrs.jump):
        m.d.sync += scrs.pcc.top.eq(1 << 32)


@fault("mepcc-tag", "MEPCC keeps its tag when the fetch was out of bounds", SpecialRegisters)
def _(m, scrs):
    with m.If(scrs.trap):
        m.d.sync += scrs.mepcc.cap.tag.eq(scrs.pcc.cap.tag)


@fault("line-tag", "the end of a store that crosses into another line leaves that line's tag", Sram)
def _(m, sram):
    first_bytes = sum(sram.data.mask == mask for mask in (0b1, 0b11, 0b111))
    with m.If(sram.data.write & ~sram.data.write_tag & (first_bytes != 0)):
        m.d.comb += sram.tags.write.eq(0)


@fault("stack-mark", "mshwm ignores stores that cross into another line", MemoryStage)
def _(m, stage):
    with m.If(stage.x.split):
        m.d.comb += stage.csrs.store.eq(0)


@fault("bounds-rounding", "an inexact csetbounds rounds its top down", BoundsEncoder)
def _(m, encoder):
    with m.If(~encoder.exact & ~encoder.round_down):
        m.d.comb += encoder.top_field.eq(encoder.request_top >> encoder.exp)


@fault("attenuation", "loads through an authority without LM keep the permission to store", Attenuator)
def _(m, attenuator):
    with m.If(~attenuator.keep_mutable & attenuator.keep_global):
        m.d.comb += attenuator.result.meta.perms.eq(attenuator.loaded.meta.perms)


@fault("seal-authority", "cseal and cunseal do not look at their authority's bounds", SealCheck)
def _(m, check):
    m.d.comb += check.allowed.eq(check.authority.cap.tag & (check.cap.sealed() == check.unseal))


@fault("signed-branch", "blt, bge and slt compare as unsigned", Alu)
def _(m, alu):
    m.d.comb += alu.lt.eq(alu.ltu)


@fault("load-use", "an instruction does not wait for the value loaded just before it", Execute)
def _(m, execute):
    m.d.comb += execute.loads.eq(0)


@fault("product-sign", "mulh and mulhsu take their first operand as unsigned", MulDiv)
def _(m, muldiv):
    with m.If(muldiv.op.matches(MulDivOp.MULH, MulDivOp.MULHSU) & muldiv.a[31]):
        m.d.comb += muldiv.result.eq((muldiv.a * muldiv.b) >> 32)


@fault("store-local", "csc through an authority without SL drops the tag of global capabilities, too", Execute)
def _(m, execute):
    with m.If(execute.request.mask.all()):
        m.d.comb += execute.request.tag.eq(execute.x.b.cap.tag & grants(execute.x.a.cap.meta.perms, "SL"))


@fault("interrupt-cause", "mcause does not tell an interrupt from an exception", CsrFile)
def _(m, csrs):
    with m.If(csrs.trap):
        m.d.sync += csrs.mcause.eq(csrs.cause[:5])


@fault("hint", "a compressed shift by 0, a hint, executes and so strips a capability", Expander)
def _(m, expander):
    shift = expander.half.matches("0000-----0000010")
    with m.If(shift & expander.half[7:12].any()):
        m.d.comb += expander.word.eq(0x1013 | (expander.half[7:11] << 7) | (expander.half[7:11] << 15))


@fault("sentry-posture", "jumps through a sentry never disable interrupts", JumpUnit)
def _(m, jump):
    m.d.comb += jump.posture.eq(jump.posture_mie)


@fault("half-sign", "lh does not extend the sign", LoadAligner)
def _(m, aligner):
    with m.If(aligner.signed & (aligner.size == Size.HALF)):
        m.d.comb += aligner.value[16:].eq(0)


@fault("top-byte", "loads may read one byte beyond the end of an object", AccessCheck)
def _(m, check):
    cap = check.authority.cap
    passes = cap.tag & ~cap.sealed() & ~check.store & grants(cap.meta.perms, "LD")
    with m.If(passes & (check.address + (1 << check.size) == check.authority.top + 1)):
        m.d.comb += check.fault.eq(CapFault.NONE)


def number_of(name: str) -> int:
    """The number that selects a fault by its name. Raises UserError with the names there are."""
    names = [fault.name for fault in FAULTS]
    if name not in names:
        raise UserError(f'no fault is called "{name}"; there are: {", ".join(names)}')
    return 1 + names.index(name)


@contextmanager
def planted() -> Iterator[Signal]:
    """While open, whatever is elaborated has all faults built in; the signal given out chooses one (0: none)."""
    select = Signal(SELECT_BITS, name=PORT)
    with ExitStack() as stack:
        for where in dict.fromkeys(fault.where for fault in FAULTS):
            stack.enter_context(patch.object(where, "elaborate", _spoiled(where, select)))
        yield select


def _spoiled(where: type[Component], select: Signal):
    original = where.elaborate

    def elaborate(self, platform):
        m = original(self, platform)
        for number, fault in enumerate(FAULTS, 1):
            if fault.where is where:
                with m.If(select == number):
                    fault.spoil(m, self)
        return m

    return elaborate


def ports_with(select: Signal, component: Component) -> dict:
    """The ports of a component's signature and the selection, as Amaranth's back ends want them."""
    ports = {PORT: (select, None)}
    for path, _member, value in component.signature.flatten(component):
        ports["__".join(map(str, path))] = (Value.cast(value), None)
    return ports
