"""Random wait states on a memory port, for benches: what is right only at full speed shows here."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.bus.port import MemorySignature, Response

STATE_BITS = 31
FEEDBACK = 27
"""x**31 + x**28 + 1: the second tap, counted from 0."""


class WaitStates(wiring.Component):
    """Refuses about half of the requests and delays about half of the answers, differently for each `seed`."""

    initiator: In(MemorySignature())
    target: Out(MemorySignature())

    def __init__(self, seed: int):
        self.seed = seed
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        state = Signal(STATE_BITS, init=self.seed * 0x5DEE_CE66 % (2**STATE_BITS - 1) + 1)
        step = state
        for _ in range(2):
            step = (step << 1 | (step[-1] ^ step[FEEDBACK]))[:STATE_BITS]
        m.d.sync += state.eq(step)
        refuse, delay = state[0], state[1]

        held, holding = Signal(Response), Signal()
        inside, outside = self.initiator, self.target
        busy = Signal()  # a request is under way, answered or not
        m.d.comb += [
            inside.answered.eq((outside.answered | holding) & ~delay),
            inside.response.eq(outside.response),
            outside.valid.eq(inside.valid & ~refuse & (~busy | inside.answered)),
            outside.request.eq(inside.request),
            inside.ready.eq(outside.ready & ~refuse & (~busy | inside.answered)),
        ]
        with m.If(holding):
            m.d.comb += inside.response.eq(held)
        with m.If(outside.answered & ~holding):
            m.d.sync += held.eq(outside.response)
        m.d.sync += holding.eq((outside.answered | holding) & delay)
        with m.If(outside.valid & outside.ready):
            m.d.sync += busy.eq(1)
        with m.Elif(inside.answered):
            m.d.sync += busy.eq(0)
        return m
