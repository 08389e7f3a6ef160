"""One fault for each unit of the core; most are noticed by the demo or by random programs."""

from cosim.faults.fault import Faults
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

UNITS = Faults()


@UNITS.add(
    "load-filter", "the load filter lets capabilities to freed memory keep their tag", RevocationBits, errata="E-RV-3"
)
def _(m, bits):
    m.d.comb += bits.lookup.revoked.eq(0)


@UNITS.add("pcc-bounds", "a jump gives PCC a top at the end of the address space", SpecialRegisters)
def _(m, scrs):
    with m.If(scrs.jump):
        m.d.sync += scrs.pcc.top.eq(1 << 32)


@UNITS.add("mepcc-tag", "MEPCC keeps its tag when the fetch was out of bounds", SpecialRegisters)
def _(m, scrs):
    with m.If(scrs.trap):
        m.d.sync += scrs.mepcc.cap.tag.eq(scrs.pcc.cap.tag)


@UNITS.add("line-tag", "the end of a store that crosses into another line leaves that line's tag", Sram)
def _(m, sram):
    first_bytes = sum(sram.data.mask == mask for mask in (0b1, 0b11, 0b111))
    with m.If(sram.data.write & ~sram.data.write_tag & (first_bytes != 0)):
        m.d.comb += sram.tags.write.eq(0)


@UNITS.add("stack-mark", "mshwm ignores stores that cross into another line", MemoryStage, errata="E-HWM-1")
def _(m, stage):
    with m.If(stage.x.split):
        m.d.comb += stage.csrs.store.eq(0)


@UNITS.add("bounds-rounding", "an inexact csetbounds rounds its top down", BoundsEncoder)
def _(m, encoder):
    with m.If(~encoder.exact & ~encoder.round_down):
        m.d.comb += encoder.top_field.eq(encoder.request_top >> encoder.exp)


@UNITS.add("attenuation", "loads through an authority without LM keep the permission to store", Attenuator)
def _(m, attenuator):
    with m.If(~attenuator.keep_mutable & attenuator.keep_global):
        m.d.comb += attenuator.result.meta.perms.eq(attenuator.loaded.meta.perms)


@UNITS.add("seal-authority", "cseal and cunseal do not look at their authority's bounds", SealCheck)
def _(m, check):
    m.d.comb += check.allowed.eq(check.authority.cap.tag & (check.cap.sealed() == check.unseal))


@UNITS.add("signed-branch", "blt, bge and slt compare as unsigned", Alu)
def _(m, alu):
    m.d.comb += alu.lt.eq(alu.ltu)


@UNITS.add("load-use", "an instruction does not wait for the value loaded just before it", Execute)
def _(m, execute):
    m.d.comb += execute.loads.eq(0)


@UNITS.add("product-sign", "mulh and mulhsu take their first operand as unsigned", MulDiv)
def _(m, muldiv):
    with m.If(muldiv.op.matches(MulDivOp.MULH, MulDivOp.MULHSU) & muldiv.a[31]):
        m.d.comb += muldiv.result.eq((muldiv.a * muldiv.b) >> 32)


@UNITS.add("store-local", "csc through an authority without SL drops the tag of global capabilities, too", Execute)
def _(m, execute):
    with m.If(execute.request.mask.all()):
        m.d.comb += execute.request.tag.eq(execute.x.b.cap.tag & grants(execute.x.a.cap.meta.perms, "SL"))


@UNITS.add("interrupt-cause", "mcause does not tell an interrupt from an exception", CsrFile)
def _(m, csrs):
    with m.If(csrs.trap):
        m.d.sync += csrs.mcause.eq(csrs.cause[:5])


@UNITS.add("hint", "a compressed shift by 0, a hint, executes and so strips a capability", Expander)
def _(m, expander):
    shift = expander.half.matches("0000-----0000010")
    with m.If(shift & expander.half[7:12].any()):
        m.d.comb += expander.word.eq(0x1013 | (expander.half[7:11] << 7) | (expander.half[7:11] << 15))


@UNITS.add("sentry-posture", "jumps through a sentry never disable interrupts", JumpUnit)
def _(m, jump):
    m.d.comb += jump.posture.eq(jump.posture_mie)


@UNITS.add("half-sign", "lh does not extend the sign", LoadAligner)
def _(m, aligner):
    with m.If(aligner.signed & (aligner.size == Size.HALF)):
        m.d.comb += aligner.value[16:].eq(0)


@UNITS.add("top-byte", "loads may read one byte beyond the end of an object", AccessCheck)
def _(m, check):
    cap = check.authority.cap
    passes = cap.tag & ~cap.sealed() & ~check.store & grants(cap.meta.perms, "LD")
    with m.If(passes & (check.address + (1 << check.size) == check.authority.top + 1)):
        m.d.comb += check.fault.eq(CapFault.NONE)
