"""Integer operations of one cycle and the comparisons of branches.

Source: RISC-V unprivileged ISA, RV32I.
"""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.core.operations import operations
from rtl.isa.table import Unit

AluOp = operations("AluOp", Unit.ALU)
"""The operations of the table's ALU rows."""


class Alu(wiring.Component):
    """Combinational. `eq`, `lt` (signed) and `ltu` compare a with b whatever `op` is."""

    op: In(AluOp)
    a: In(32)
    b: In(32)
    result: Out(32)
    eq: Out(1)
    lt: Out(1)
    ltu: Out(1)

    def elaborate(self, platform):
        m = Module()
        difference = Signal(33)
        m.d.comb += [
            difference.eq(self.a - self.b),
            self.eq.eq(self.a == self.b),
            self.ltu.eq(difference[32]),
            self.lt.eq(Mux(self.a[31] ^ self.b[31], self.a[31], difference[32])),
        ]
        left, fill = Signal(), Signal()
        m.d.comb += [left.eq(self.op == AluOp.SLL), fill.eq((self.op == AluOp.SRA) & self.a[31])]
        forward, shifted = Signal(32), Signal(32)
        m.d.comb += [
            forward.eq(Mux(left, self.a[::-1], self.a)),
            shifted.eq(Cat(forward, fill).as_signed() >> self.b[:5]),
        ]
        with m.Switch(self.op):
            with m.Case(AluOp.LUI):
                m.d.comb += self.result.eq(self.b)
            with m.Case(AluOp.ADD):
                m.d.comb += self.result.eq(self.a + self.b)
            with m.Case(AluOp.SUB):
                m.d.comb += self.result.eq(difference)
            with m.Case(AluOp.SLT):
                m.d.comb += self.result.eq(self.lt)
            with m.Case(AluOp.SLTU):
                m.d.comb += self.result.eq(self.ltu)
            with m.Case(AluOp.XOR):
                m.d.comb += self.result.eq(self.a ^ self.b)
            with m.Case(AluOp.OR):
                m.d.comb += self.result.eq(self.a | self.b)
            with m.Case(AluOp.AND):
                m.d.comb += self.result.eq(self.a & self.b)
            with m.Case(AluOp.SLL):
                m.d.comb += self.result.eq(shifted[::-1])
            with m.Case(AluOp.SRL, AluOp.SRA):
                m.d.comb += self.result.eq(shifted)
        return m
