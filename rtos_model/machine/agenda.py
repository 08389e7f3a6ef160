"""What is due besides the next instruction: interrupts, and the end of a sweep; and whether another machine, which is
followed, takes its interrupts when it may and must.
"""

from rtl.isa.csr import INTERRUPT_BITS
from rtos_model.machine.csrfile import CsrFile
from rtos_model.machine.devices.timer import Timer
from rtos_model.machine.interrupts import LATENCY, TIMER, Lines
from rtos_model.machine.time import NEVER, Time

ALL_LINES = (1 << len(INTERRUPT_BITS)) - 1
BOUNDARIES = 2
"""Instructions that may still retire after an interrupt has become deliverable."""


class Disagreement(Exception):
    """The machine that is followed did something that this one cannot do: one line that says what."""


class Agenda:
    """`deliverable` is the clock from which on an enabled interrupt is pending, `sweep_end` that at which a sweep ends
    in a free run, `device_due` that at which a device changes by itself, and `attention` the earliest of them.

    `observed` are the interrupt lines as a machine that is followed saw them; None in a free run. `asleep`: nothing
    will happen any more.
    """

    def __init__(self, time: Time, lines: Lines, csrs: CsrFile, timer: Timer | None):
        self._time = time
        self._lines = lines
        self._csrs = csrs
        self._timer = timer
        self.asleep = False
        self.observed: int | None = None
        self.deliverable = NEVER
        self.sweep_end = NEVER
        self.device_due = NEVER
        self.attention = NEVER
        self._overdue = 0

    def plan(self) -> None:
        """Work out what is due, after anything that it depends on has changed."""
        was = self.deliverable
        self.deliverable = self._lines.rises(self._csrs.enables) if self._csrs.mie else NEVER
        if was <= self.deliverable <= self._time.now:
            self.deliverable = was  # it still is
        else:
            self._overdue = 0
        self.attention = min(self.deliverable, self.sweep_end, self.device_due)

    def wait(self) -> None:
        """`wfi`: skip the time until an enabled interrupt is pending, if there will be one; else go on at once."""
        if self._timer and self._timer.scripted:
            self._wait_scripted(self._timer)
        elif self.observed is None:
            event = min(self._lines.rises(self._csrs.enables), self.sweep_end, self.device_due)
            if event < NEVER:
                self._time.now = max(self._time.now, event)

    def _wait_scripted(self, timer: Timer) -> None:
        """Time jumps past the timer's compare value, unless a sweep runs or an interrupt is pending.

        Raises Disagreement if another machine woke where nothing could wake it.
        """
        lines = self._lines.at(self._time.now)
        if lines & self._csrs.enables:
            return
        if self.sweep_end < NEVER:
            if self.observed is None:
                self._time.now = max(self._time.now, self.sweep_end)
            return
        if not lines and not timer.never and self._csrs.enables & TIMER:
            self._lines.note()
            timer.jump()
            self._lines.note()
            self.plan()
        elif self.observed is None:
            self.asleep = True
        else:
            raise Disagreement(f"the core woke from wfi at clock {self._time.now}, but nothing was there to wake it")

    def visible_lines(self) -> int:
        """The interrupt lines as the present instruction sees them.."""
        if self.observed is None:
            return self._lines.at(self._time.now)
        high, low = self._lines.seen_by_core()
        wrong = (self.observed & ~high | ~self.observed & ~low) & ALL_LINES
        if wrong:
            raise Disagreement(
                f"at clock {self._time.now} the interrupt lines (software, timer, external: bits 0 to 2) were seen as"
                f" {self.observed:#05b}; bits {wrong:#05b} were not so within {LATENCY} clocks"
            )
        return self.observed

    def check_taken(self, pc: int) -> int:
        """The lines that an interrupt was taken for, before the instruction at pc. Raises Disagreement."""
        lines = self.visible_lines()
        if not self._csrs.mie:
            raise Disagreement(f"interrupt taken at pc {pc:#010x} while interrupts are disabled")
        if not lines & self._csrs.enables:
            raise Disagreement(
                f"interrupt taken at pc {pc:#010x} with lines {lines:#05b}, of which none is enabled"
                f" (enabled are {self._csrs.enables:#05b})"
            )
        return lines

    def check_not_taken(self, pc: int) -> None:
        """The instruction at pc is executed though an interrupt may be due. Raises Disagreement if it is overdue."""
        if self._time.now < self.deliverable + LATENCY:
            return
        self._overdue += 1
        if self._overdue > BOUNDARIES:
            raise Disagreement(
                f"an interrupt deliverable since clock {self.deliverable} is still not taken at clock"
                f" {self._time.now}, pc {pc:#010x}"
            )
