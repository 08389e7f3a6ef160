"""Two initiators on one memory port."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.bus.port import MemorySignature


class Arbiter(wiring.Component):
    """`second` gets the cycles that `first` leaves; while `hold` is high, it gets all of them; while `keep` is, none.

    Combinational, but for the way back: the bus must answer every request in the next cycle.
    """

    first: In(MemorySignature())
    second: In(MemorySignature())
    hold: In(1)
    keep: In(1)
    bus: Out(MemorySignature())

    def elaborate(self, platform):
        m = Module()
        first, second, bus = self.first, self.second, self.bus
        turn, answers_second = Signal(), Signal()
        m.d.comb += [
            turn.eq((self.hold | ~first.valid) & ~self.keep),
            bus.valid.eq(Mux(turn, second.valid, first.valid)),
            bus.request.eq(Mux(turn, second.request, first.request)),
            first.ready.eq(bus.ready & (~self.hold | self.keep)),
            second.ready.eq(bus.ready & turn),
            first.response.eq(bus.response),
            second.response.eq(bus.response),
            first.answered.eq(bus.answered & ~answers_second),
            second.answered.eq(bus.answered & answers_second),
        ]
        m.d.sync += answers_second.eq(turn)
        return m
