"""What the commit port tells of an instruction beyond its result, gathered as it leaves the execute stage."""

from amaranth.hdl import Cat, Module, Mux
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.bus.port import LINE
from rtl.cap.layout import Expanded
from rtl.core.control import Fault, Size, ToExecute, ToMemory, Trace, is_op
from rtl.core.csrfile import CsrFile
from rtl.core.scrfile import SpecialRegisters
from rtl.isa.commit import CLOCK_BITS
from rtl.isa.table import Unit


class Tracer(wiring.Component):
    """Combinational. `taken` is a branch's outcome, `redirect` and `address` where the core really goes on."""

    clock: In(CLOCK_BITS)
    x: In(ToExecute)
    a: In(Expanded)
    b: In(Expanded)
    result: In(ToMemory)
    interrupt: In(1)
    taken: In(1)
    following: In(32)
    redirect: In(1)
    address: In(32)
    store_tag: In(1)
    trace: Out(Trace)

    def __init__(self, csrs: CsrFile, scrs: SpecialRegisters):
        self.csrs = csrs
        self.scrs = scrs
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        x, c, t, csrs, scrs = self.x, self.x.control, self.trace, self.csrs, self.scrs
        fetched = ((x.fault == Fault.NONE) | (x.fault == Fault.ILLEGAL)) & ~self.interrupt
        jumps = is_op(c, Unit.JUMP, "cjal") | ((c.unit == Unit.BRANCH) & self.taken)
        m.d.comb += [
            t.clock.eq(self.clock),
            t.compressed.eq(x.compressed & fetched),
            t.interrupt.eq(self.interrupt),
            t.next_pc.eq(Mux(self.redirect, self.address, Mux(jumps, x.target, self.following))),
            t.rs1.eq(Mux(c.from_cgp, 0, c.rs1)),
            t.rs2.eq(c.rs2),
            t.a.eq(self.a.cap),
            t.b.eq(self.b.cap),
            t.pcc_write.eq(is_op(c, Unit.JUMP, "cjalr") | is_op(c, Unit.SYSTEM, "mret")),
            t.first_bytes.eq(LINE - self.result.address[: LINE.bit_length() - 1]),
        ]
        with m.If(~self.result.split):
            m.d.comb += t.first_bytes.eq(0)
        with m.If(fetched):
            m.d.comb += t.insn.eq(Mux(x.compressed, x.insn[:16], x.insn))
        with m.If(c.unit == Unit.CSR):
            m.d.comb += [t.csr.eq(csrs.number), t.csr_write.eq(c.csr_writes)]
            with m.If(c.csr_writes):
                m.d.comb += t.csr_wdata.eq(csrs.stored)
        with m.If(self.interrupt | ((c.unit == Unit.CSR) & csrs.is_mip & ~self.result.trapped)):
            m.d.comb += t.mip.eq(csrs.lines)
        with m.If(c.unit == Unit.SCR):
            m.d.comb += [t.scr.eq(scrs.number), t.scr_write.eq(c.rs1 != 0), t.scr_value.eq(scrs.stored.cap)]
        with m.If(self.result.store):
            with m.Switch(c.size):
                for size in Size:
                    with m.Case(size):
                        m.d.comb += t.wmask.eq((1 << (1 << size.value)) - 1)
            m.d.comb += t.wdata.eq(self.b.cap.address)
            with m.If(c.size == Size.CAP):
                m.d.comb += [t.wdata.eq(Cat(self.b.cap.address, self.b.cap.meta)), t.wtag.eq(self.store_tag)]
        return m
