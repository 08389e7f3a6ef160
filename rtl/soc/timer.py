"""Machine timer and software interrupt, with the register layout of CHERIoT-SAFE or of the usual CLINT."""

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.bus.block import BlockSignature
from rtl.bus.port import LINE
from rtl.bus.registers import Registers
from rtl.config import TimerConfig

OFFSETS = {
    "safe": {"msip": 0x00, "mtime": 0x10, "mtimecmp": 0x18},
    "clint": {"msip": 0x0000, "mtime": 0xBFF8, "mtimecmp": 0x4000},
}
"""Byte offset of each register; the 64-bit ones have their upper word 4 behind it."""


class Timer(wiring.Component):
    """mtime advances after every `prescaler` clock cycles, counted from reset whatever is written to it.

    A read accepted in clock cycle c of a timer that was never written returns c // prescaler. `timer` is high
    while mtime >= mtimecmp (both start at 0, so it starts high); a write acts in the next cycle. `software` is
    bit 0 of msip.

    For simulation: `advance` is added to mtime; while `still` is high it does not move by itself, and `jump` takes it
    to mtimecmp + 1. `never`: mtimecmp has its highest value.
    """

    def __init__(self, config: TimerConfig):
        self.config = config
        super().__init__(
            {
                "port": In(BlockSignature(config.region.size // LINE)),
                "timer": Out(1),
                "software": Out(1),
                "advance": In(32),
                "still": In(1),
                "jump": In(1),
                "never": Out(1),
            },
        )

    def elaborate(self, platform):
        m = Module()
        registers = Registers(m, self.port)
        offsets = OFFSETS[self.config.layout]
        mtime, mtimecmp, msip = Signal(64), Signal(64), Signal()

        elapsed, tick, step = Signal(range(self.config.prescaler + 1)), Signal(), Signal(33)
        m.d.comb += [tick.eq(elapsed == self.config.prescaler - 1), step.eq(self.advance + (tick & ~self.still))]
        m.d.sync += elapsed.eq(Mux(tick, 0, elapsed + 1))

        registers.show(offsets["msip"], msip)
        with m.If(registers.written(offsets["msip"])):
            m.d.sync += msip.eq(registers.value(offsets["msip"]))
        m.d.sync += mtime.eq(Mux(self.jump, mtimecmp + 1, mtime + step))
        for name, register, passed in (("mtime", mtime, step), ("mtimecmp", mtimecmp, 0)):
            words = [(offsets[name] + 4 * half, register.word_select(half, 32)) for half in range(2)]
            for offset, word in words:
                registers.show(offset, word)
            with m.If(reduce(or_, (registers.stored(offset) for offset, _ in words))):
                m.d.sync += register.eq(Cat(registers.merged(offset, word) for offset, word in words) + passed)
        m.d.comb += [self.timer.eq(mtime >= mtimecmp), self.software.eq(msip), self.never.eq(mtimecmp.all())]
        return m
