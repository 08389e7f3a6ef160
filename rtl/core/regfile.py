"""Sixteen capability registers with their bounds expanded; two reads and one write a cycle."""

from amaranth.hdl import Module
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from rtl.cap.layout import Expanded
from rtl.isa.table import REGISTERS


class RegisterFile(wiring.Component):
    """Reads are combinational and see the value before this cycle's write. Register 0 must not be written.

    It maps to distributed RAM, which has no reset: the core writes NULL to every register first.
    """

    rs1: In(4)
    rs2: In(4)
    a: Out(Expanded)
    b: Out(Expanded)
    write: In(1)
    rd: In(4)
    value: In(Expanded)

    def __init__(self):
        self.registers = memory.Memory(shape=data.ArrayLayout(1, Expanded.as_shape().size), depth=REGISTERS, init=[])
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        m.submodules.registers = self.registers
        write = self.registers.write_port()
        m.d.comb += [write.en.eq(self.write), write.addr.eq(self.rd), write.data.eq(self.value)]
        for number, value in ((self.rs1, self.a), (self.rs2, self.b)):
            read = self.registers.read_port(domain="comb")
            m.d.comb += [read.addr.eq(number), value.as_value().eq(read.data.as_value())]
        return m
