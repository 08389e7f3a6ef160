"""Simulation control: what firmware tells the harness. Without a harness the stores have no effect."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from rtl.bus.block import BlockSignature
from rtl.bus.port import LINE
from rtl.bus.registers import Registers

SIZE = 0x1000
EXIT = 0x00
CHARACTER = 0x0C
ADVANCE = 0x18
INTERRUPT = 0x1C


class Store(data.Struct):
    """One store to the block as it came: line number inside the block, bytes, data and tag."""

    line: range(SIZE // LINE)
    mask: LINE
    data: 8 * LINE
    tag: 1


class ReportSignature(wiring.Signature):
    """What the harness sees: every store, and the two it waits for."""

    def __init__(self):
        super().__init__(
            {
                "store_valid": Out(1),
                "store": Out(Store),
                "exit_valid": Out(1),
                "exit_code": Out(32),
                "character_valid": Out(1),
                "character": Out(8),
            }
        )


class SimulationControl(wiring.Component):
    """Shows each store in the cycle after it was accepted; every register reads zero.

    `store` has all of them. The harness gives them their meaning: +0 exit, +4 and +8 start and end of a measured
    region, +0xC character, +0x10 and +0x14 counters, +0x40 * k the event window of compartment k. Exit and
    character are decoded here also, so that a bench can wait for them without looking at every store; both
    count from the store of their lowest byte on, so they are to be stored as words.

    A store to +0x18 lets time pass: `advance` is its value in that very cycle, and zero otherwise. A store to +0x1C
    raises test interrupts: the bits of `levels` stay until the interrupt controller's `claims` take them away, those
    of `pulses` are high for a cycle.
    """

    port: In(BlockSignature(SIZE // LINE))
    report: Out(ReportSignature())
    advance: Out(32)
    claims: In(32)
    levels: Out(32)
    pulses: Out(32)

    def elaborate(self, platform):
        m = Module()
        registers, report = Registers(m, self.port), self.report
        m.d.sync += [
            report.store_valid.eq(self.port.enable & self.port.write),
            report.exit_valid.eq(registers.written(EXIT)),
            report.character_valid.eq(registers.written(CHARACTER)),
        ]
        m.d.comb += self.advance.eq(Mux(registers.written(ADVANCE), registers.value(ADVANCE), 0))
        raised = Signal(32)
        m.d.comb += raised.eq(Mux(registers.written(INTERRUPT), registers.value(INTERRUPT), 0))
        m.d.sync += [self.levels.eq(self.levels & ~self.claims | raised), self.pulses.eq(raised)]
        with m.If(self.port.enable):
            m.d.sync += [
                report.store.line.eq(self.port.line),
                report.store.mask.eq(self.port.mask),
                report.store.data.eq(self.port.write_data),
                report.store.tag.eq(self.port.write_tag),
                report.exit_code.eq(registers.value(EXIT)),
                report.character.eq(registers.value(CHARACTER)),
            ]
        return m
