"""Asynchronous serial lines: one start bit, eight data bits from the least significant on, one stop bit."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

PERIOD_BITS = 20
"""Width of a bit time in clock cycles: a 16-bit divisor of 16 samples per bit, and a fraction of 4 bits."""
FRAME = 10


class Transmitter(wiring.Component):
    """Takes a byte when idle. `period` is the bit time in clock cycles, at least 1."""

    bytes: In(stream.Signature(8))
    period: In(PERIOD_BITS)
    line: Out(1, init=1)

    def elaborate(self, platform):
        m = Module()
        frame, bits_left, elapsed = Signal(FRAME, init=-1), Signal(range(FRAME + 1)), Signal(PERIOD_BITS)
        m.d.comb += [self.bytes.ready.eq(bits_left == 0), self.line.eq(frame[0])]
        with m.If(bits_left == 0):
            with m.If(self.bytes.valid):
                m.d.sync += [frame.eq(Cat(0, self.bytes.payload, 1)), bits_left.eq(FRAME), elapsed.eq(1)]
        with m.Elif(elapsed >= self.period):
            m.d.sync += [frame.eq(Cat(frame[1:], 1)), bits_left.eq(bits_left - 1), elapsed.eq(1)]
        with m.Else():
            m.d.sync += elapsed.eq(elapsed + 1)
        return m


class Receiver(wiring.Component):
    """Gives each byte for one cycle (`valid`); `broken` with it when the stop bit was missing.

    Samples every bit in its middle, counted from the falling edge of the start bit. `period` as above, at least 4.
    """

    line: In(1, init=1)
    period: In(PERIOD_BITS)
    valid: Out(1)
    byte: Out(8)
    broken: Out(1)

    def elaborate(self, platform):
        m = Module()
        line = Signal(init=1)
        m.submodules.synchronizer = FFSynchronizer(self.line, line, init=1)
        frame, bits_left, wait = Signal(FRAME), Signal(range(FRAME + 1)), Signal(PERIOD_BITS)
        m.d.comb += [self.byte.eq(frame[1:9]), self.broken.eq(~frame[9])]
        m.d.sync += self.valid.eq(0)
        with m.If(bits_left == 0):
            with m.If(~line):
                m.d.sync += [bits_left.eq(FRAME), wait.eq(self.period >> 1)]
        with m.Elif(wait > 1):
            m.d.sync += wait.eq(wait - 1)
        with m.Elif((bits_left == FRAME) & line):
            m.d.sync += bits_left.eq(0)  # too short for a start bit
        with m.Else():
            m.d.sync += [frame.eq(Cat(frame[1:], line)), bits_left.eq(bits_left - 1), wait.eq(self.period)]
            m.d.sync += self.valid.eq(bits_left == 1)
        return m
