"""The scripted clock: in simulation, time can stand still while anybody computes."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

REST = 16
"""Cycles of sleep after which nothing is under way any more that could end it."""


class ScriptedClock(wiring.Component):
    """While `scripted` is high the timer is `still`. Source: CHERIoT RTOS services, "Comparability classes".

    When the core has slept for a while, no sweep runs and no interrupt line (`pending`) is high, time jumps to the
    moment of the timer interrupt: `jump` is high for a cycle. If there will be none, or one that does not wake the
    core, `asleep` is high: nothing will happen any more.
    """

    scripted: In(1)
    sleeping: In(1)
    sweeping: In(1)
    pending: In(1)
    never: In(1)
    still: Out(1)
    jump: Out(1)
    asleep: Out(1)

    def elaborate(self, platform):
        m = Module()
        slept, rests = Signal(range(REST + 1)), Signal()
        m.d.comb += [
            self.still.eq(self.scripted),
            rests.eq(self.scripted & (slept == REST)),
            self.jump.eq(rests & ~self.never & ~self.pending),
            self.asleep.eq(rests & (self.never | self.pending)),
        ]
        with m.If(~self.sleeping | self.sweeping | self.jump):
            m.d.sync += slept.eq(0)
        with m.Elif(slept != REST):
            m.d.sync += slept.eq(slept + 1)
        return m
