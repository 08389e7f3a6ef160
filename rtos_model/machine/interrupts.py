"""The interrupt lines of the core as the devices drive them, now and a few clocks ago.

A set of lines is a number with bit 0 for software, bit 1 for timer and bit 2 for external.
"""

from collections import deque

from rtl.isa.csr import INTERRUPT_BITS, INTERRUPT_PRIORITY
from rtos_model.machine.devices.plic import Plic
from rtos_model.machine.devices.timer import Timer
from rtos_model.machine.time import NEVER, Time

SOFTWARE, TIMER, EXTERNAL = 1, 2, 4
LATENCY = 4
"""Clocks that a change of a line may take to reach the core, and that an instruction may be under way meanwhile."""
NAMES = tuple(INTERRUPT_BITS)


def cause_of(lines: int) -> int:
    """The cause number of the line with the highest priority among some."""
    first = next(name for name in INTERRUPT_PRIORITY if lines >> NAMES.index(name) & 1)
    return INTERRUPT_BITS[first]


class Lines:
    """Reads timer and interrupt controller. Without a timer its lines are low."""

    def __init__(self, time: Time, timer: Timer | None, plic: Plic):
        self._time = time
        self._timer = timer
        self._plic = plic
        self.driven = 0
        """Lines that are driven from outside, joined with those of the devices."""
        self._notes: deque[tuple[int, int]] = deque(maxlen=4 * LATENCY)  # (clock, lines)

    def at(self, clock: int) -> int:
        """The lines at a clock, if nothing is accessed in between."""
        lines = self.driven
        if self._timer:
            lines |= self._timer.software * SOFTWARE | self._timer.pending(clock) * TIMER
        return lines | (EXTERNAL if self._plic.interrupt else 0)

    def note(self, clock: int | None = None) -> None:
        """Remember the lines as they are, or were at a clock: before and after each change of a device."""
        clock = self._time.now if clock is None else clock
        self._notes.append((clock, self.at(clock)))

    def seen_by_core(self) -> tuple[int, int]:
        """(lines that were high, lines that were low) at some moment that the core may be looking at."""
        now = self._time.now
        earliest = max(now - LATENCY, 0)
        last_note = self._notes[-1][0] if self._notes else 0
        samples = [lines for clock, lines in self._notes if clock >= earliest]
        samples += [self.at(max(earliest, last_note)), self.at(now)]
        high, low = 0, 0
        for lines in samples:
            high |= lines
            low |= ~lines
        return high, low

    def rises(self, enabled: int) -> int:
        """The first clock from now on at which one of the enabled lines is high, if nothing is accessed before."""
        now = self._time.now
        if self.at(now) & enabled:
            return now
        return self._timer.rises(now) if enabled & TIMER and self._timer else NEVER
