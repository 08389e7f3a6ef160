"""Fetch: turns 8-byte lines into one instruction a cycle, of two or four bytes at any even address."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from rtl.bus.port import MemorySignature


class Line(data.Struct):
    data: 64
    error: 1


class Fetch(wiring.Component):
    """Two lines of buffer in front of the decode stage; the arriving line is used in the cycle it arrives.

    `pc` is the address of the instruction in decode, `word` its bits (the upper half is undefined if it is
    compressed), valid while `ready`. With `taken` (only together with `consume`) fetching goes on at `target`, and
    with `redirect`, which wins, at `address`; a target one cycle away costs no bubble.
    """

    def __init__(self, boot_address: int):
        self.boot_address = boot_address
        super().__init__(
            {
                "bus": Out(MemorySignature()),
                "pc": Out(32, init=boot_address),
                "word": Out(32),
                "compressed": Out(1),
                "ready": Out(1),
                "first_error": Out(1),
                "second_error": Out(1),
                "consume": In(1),
                "taken": In(1),
                "target": In(32),
                "redirect": In(1),
                "address": In(32),
            }
        )

    def elaborate(self, platform):
        m = Module()
        bus = self.bus
        waiting, drop = Signal(), Signal()  # a request is under way; its line is no longer wanted
        held = [Signal(Line, name=f"held{i}") for i in range(2)]
        count = Signal(range(3))
        next_line = Signal(29, init=self.boot_address >> 3)

        arriving = Signal()
        new = Signal(Line)
        m.d.comb += [
            arriving.eq(bus.answered & ~drop),
            new.data.eq(bus.response.data),
            new.error.eq(bus.response.error),
        ]
        lines = [Signal(Line, name=f"line{i}") for i in range(2)]
        present = [Signal(name=f"present{i}") for i in range(2)]
        m.d.comb += [
            lines[0].eq(Mux(count == 0, new, held[0])),
            lines[1].eq(Mux(count == 2, held[1], new)),
            present[0].eq((count != 0) | arriving),
            present[1].eq((count == 2) | ((count == 1) & arriving)),
        ]

        # The instruction in decode
        place = self.pc[1:3]
        window = Cat(lines[0].data, lines[1].data[:16])
        crosses = (place == 3) & ~self.compressed
        m.d.comb += [
            self.word.eq(window.word_select(place, 16) | (window.word_select(place + 1, 16) << 16)),
            self.compressed.eq(self.word[:2] != 3),
            self.ready.eq(present[0] & (present[1] | ~crosses | lines[0].error)),
            self.first_error.eq(lines[0].error),
            self.second_error.eq(Mux(crosses, lines[1].error, lines[0].error)),
        ]

        # Where to go on
        after = Signal(32)
        leaves_line = Signal()
        m.d.comb += [
            after.eq(self.pc + Mux(self.compressed, 2, 4)),
            leaves_line.eq(self.consume & (after[3] != self.pc[3])),
        ]
        turn = Signal()
        m.d.comb += turn.eq(self.redirect | (self.consume & self.taken))
        with m.If(self.redirect):
            m.d.sync += self.pc.eq(self.address & ~1)
        with m.Elif(self.consume):
            m.d.sync += self.pc.eq(Mux(self.taken, self.target, after))

        # The buffer
        kept = Signal(range(4))
        m.d.comb += kept.eq(count + arriving - leaves_line)
        with m.If(turn):
            m.d.sync += count.eq(0)
        with m.Else():
            m.d.sync += count.eq(kept)
            with m.If(leaves_line):
                m.d.sync += held[0].eq(lines[1])
            with m.Elif((count == 0) & arriving):
                m.d.sync += held[0].eq(new)
            with m.If((count != 0) & arriving):
                m.d.sync += held[1].eq(new)

        # Requests: one under way at most; the target of a turn is asked for in the cycle of the turn
        line = Signal(29)
        accepted = Signal()
        m.d.comb += [
            line.eq(Mux(self.redirect, self.address[3:], Mux(self.consume & self.taken, self.target[3:], next_line))),
            bus.request.line.eq(line),
            bus.request.mask.eq(0xFF),
            bus.valid.eq((~waiting | bus.answered) & (turn | (kept < 2))),
            accepted.eq(bus.valid & bus.ready),
        ]
        with m.If(accepted):
            m.d.sync += [waiting.eq(1), drop.eq(0), next_line.eq(line + 1)]
        with m.Else():
            with m.If(bus.answered):
                m.d.sync += [waiting.eq(0), drop.eq(0)]
            with m.Elif(turn):
                m.d.sync += drop.eq(waiting)
            with m.If(turn):
                m.d.sync += next_line.eq(line)
        return m
