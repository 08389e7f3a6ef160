"""Platform-level interrupt controller: one context, 32 sources, 3-bit priorities. Source: RISC-V PLIC specification."""

from amaranth.hdl import Const, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from rtl.bus.block import BlockSignature
from rtl.bus.port import LINE
from rtl.bus.registers import WORD, Registers

SIZE = 0x40_0000
SOURCES = 32
"""Including number 0, which means none."""
PRIORITY_BITS = 3
PRIORITY, PENDING, ENABLE, THRESHOLD, CLAIM = 0x0, 0x1000, 0x2000, 0x20_0000, 0x20_0004
REVOKER, UART, TEST_LEVELS, TEST_PULSES = 1, 2, range(8, 12), range(12, 16)
"""Who is wired to which source."""


class Candidate(data.Struct):
    """A source and its priority, which is 0 if it does not ask."""

    source: range(SOURCES)
    priority: PRIORITY_BITS


class Plic(wiring.Component):
    """A source asks while its bit of `levels` is high, or from a cycle of its bit of `pulses` until it is claimed.

    CLAIM reads the asking, enabled source of the highest priority, of equal ones the lowest number, and silences it
    until its number is written back. `interrupt` follows a cycle later, if that priority is above THRESHOLD. `claims`
    has the bit of the source that is being claimed.
    """

    port: In(BlockSignature(SIZE // LINE))
    levels: In(SOURCES)
    pulses: In(SOURCES)
    interrupt: Out(1)
    claims: Out(SOURCES)

    def elaborate(self, platform):
        m = Module()
        registers = Registers(m, self.port)
        priorities = [Signal(PRIORITY_BITS, name=f"priority_{source}") for source in range(SOURCES)]
        enabled, threshold = Signal(SOURCES), Signal(PRIORITY_BITS)
        latched, claimed = Signal(SOURCES), Signal(SOURCES)

        pending = Signal(SOURCES)
        m.d.comb += pending.eq((self.levels | self.pulses | latched) & ~claimed & ~1)
        candidates = []
        for source in range(1, SOURCES):
            asks = Signal(Candidate, name=f"candidate_{source}")
            m.d.comb += [
                asks.source.eq(source),
                asks.priority.eq(Mux(pending[source] & enabled[source], priorities[source], 0)),
            ]
            candidates.append(asks)
        best = self.best(m, candidates)
        first = Signal(range(SOURCES))
        m.d.comb += first.eq(Mux(best.priority == 0, 0, best.source))
        m.d.sync += self.interrupt.eq(best.priority > threshold)

        claim, complete = Signal(SOURCES), Signal(SOURCES)
        done = registers.merged(CLAIM, Const(0, 8 * WORD))
        with m.If(registers.read(CLAIM)):
            m.d.comb += claim.eq(Const(1, SOURCES) << first & ~Const(1, SOURCES))
        with m.If(registers.stored(CLAIM) & (done < SOURCES)):
            m.d.comb += complete.eq(1 << done[: len(first)])
        m.d.comb += self.claims.eq(claim)
        m.d.sync += [
            latched.eq((latched | self.pulses) & ~claim),
            claimed.eq((claimed | claim) & ~complete),
        ]

        for source in range(1, SOURCES):
            offset = PRIORITY + WORD * source
            registers.show(offset, priorities[source])
            with m.If(registers.written(offset)):
                m.d.sync += priorities[source].eq(registers.value(offset))
        registers.show(PENDING, pending)
        registers.show(ENABLE, enabled)
        registers.show(THRESHOLD, threshold)
        registers.show(CLAIM, first)
        with m.If(registers.stored(ENABLE)):
            m.d.sync += enabled.eq(registers.merged(ENABLE, enabled) & ~1)
        with m.If(registers.written(THRESHOLD)):
            m.d.sync += threshold.eq(registers.value(THRESHOLD))
        return m

    def best(self, m: Module, candidates):
        """The one of the highest priority; of equal ones the first."""
        if len(candidates) == 1:
            return candidates[0]
        half = len(candidates) // 2
        first, second = self.best(m, candidates[:half]), self.best(m, candidates[half:])
        winner = Signal(Candidate, name=f"best_{len(candidates)}")
        m.d.comb += winner.eq(Mux(second.priority > first.priority, second.as_value(), first.as_value()))
        return winner
