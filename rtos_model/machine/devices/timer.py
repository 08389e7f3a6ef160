"""Machine timer: mtime counts clocks, the compare register raises the timer interrupt, msip the software interrupt."""

from rtl.config import TimerConfig
from rtos_model.machine.devices.device import Device, half, half_written
from rtos_model.machine.time import NEVER, Time

MTIME, MTIMECMP, MSIP = "mtime", "mtimecmp", "msip"
OFFSETS = {
    "safe": {MSIP: 0x00, MTIME: 0x10, MTIMECMP: 0x18},
    "clint": {MSIP: 0x0000, MTIMECMP: 0x4000, MTIME: 0xBFF8},
}
LIMIT = 1 << 64


class Timer(Device):
    """mtime advances after every `prescaler` clocks counted from reset, whatever is written to it.

    The timer interrupt is pending while mtime >= mtimecmp; mtimecmp is 0 after reset. If `scripted`, mtime stands still
    but for `advance` and `jump`.
    """

    def __init__(self, config: TimerConfig, time: Time, *, scripted: bool = False):
        self.time = time
        self.scripted = scripted
        self.prescaler = config.prescaler
        self.software = 0
        self.compare = 0
        self._offset = 0  # of mtime from the clock
        self._places = {
            offset + 4 * high: (name, bool(high))
            for name, offset in OFFSETS[config.layout].items()
            for high in (0, 1)
            if name != MSIP or not high
        }

    def mtime(self, clock: int) -> int:
        return (self._offset + (0 if self.scripted else clock // self.prescaler)) % LIMIT

    def pending(self, clock: int) -> bool:
        return self.mtime(clock) >= self.compare

    def rises(self, clock: int) -> int:
        """The first clock from `clock` on at which the interrupt is pending, if nothing is written."""
        if self.pending(clock):
            return clock
        if self.scripted:
            return NEVER
        wait = self.compare - self.mtime(clock)
        return (clock // self.prescaler + wait) * self.prescaler if wait < NEVER else NEVER

    def advance(self, ticks: int) -> None:
        """Skip idle time."""
        self._offset += ticks

    @property
    def never(self) -> bool:
        """The interrupt is as far away as it can be."""
        return self.compare == LIMIT - 1

    def jump(self) -> None:
        """Scripted time goes on to the interrupt."""
        self._offset = self.compare + 1

    def read(self, offset: int) -> int:
        name, high = self._places.get(offset, (None, False))
        if name == MTIME:
            return half(self.mtime(self.time.now), high)
        return half(self.compare, high) if name == MTIMECMP else self.software if name == MSIP else 0

    def write(self, offset: int, value: int, mask: int) -> None:
        name, high = self._places.get(offset, (None, False))
        if name == MTIME:
            now = self.mtime(self.time.now)
            self._offset += half_written(now, high, value, mask) - now
        elif name == MTIMECMP:
            self.compare = half_written(self.compare, high, value, mask)
        elif name == MSIP and mask & 1:
            self.software = value & 1
