"""Register block of the background revoker. Source: CHERIoT-SAFE platform; the RTOS allocator is its user.

The sweep itself is driven from outside, a granule at a time at arbitrary moments: `granules` are those still to
visit, `visited` is told after each one, and `finish` at the end.
"""

import enum
from collections.abc import Callable

from rtl.isa.capfmt import GRANULE
from rtos_model.machine.devices.device import Device, merged


class Register(enum.IntEnum):
    START = 0x00
    END = 0x04
    GO = 0x08
    EPOCH = 0x0C
    STATUS = 0x10
    ENABLE = 0x14
    FAILED = 0x18


IDENTITY = 0x5500_0000


class Revoker(Device):
    """`finished()` is called for the interrupt pulse at the end of a sweep, if that is enabled, `stepped(epoch)` when
    the epoch has changed.
    """

    def __init__(self, finished: Callable[[], None]):
        self._finished = finished
        self.stepped: Callable[[int], None] = lambda epoch: None
        self.start = 0
        self.end = 0
        self.epoch = 0
        self.status = 0
        self.enable = 0
        self.failed = 0
        self.granules = range(0)

    @property
    def running(self) -> bool:
        return bool(self.epoch & 1)

    def visited(self, *, refused: bool = False) -> None:
        """The first of `granules` has been swept; `refused` if there is nothing at its address."""
        self.failed |= refused
        self.granules = self.granules[1:]

    def _step(self) -> None:
        self.epoch += 1
        self.stepped(self.epoch)

    def finish(self) -> None:
        """The running sweep ends."""
        self._step()
        self.status = 1
        if self.enable:
            self._finished()

    def read(self, offset: int) -> int:
        values: dict[int, int] = {
            Register.START: self.start,
            Register.END: self.end,
            Register.GO: IDENTITY,
            Register.EPOCH: self.epoch & 0xFFFF_FFFF,
            Register.STATUS: 0 if self.enable else self.status,
            Register.ENABLE: self.enable,
            Register.FAILED: int(self.failed),
        }
        return values.get(offset, 0)

    def write(self, offset: int, value: int, mask: int) -> None:
        if offset == Register.START:
            self.start = merged(self.start, value, mask)
        elif offset == Register.END:
            self.end = merged(self.end, value, mask)
        elif offset == Register.GO and not self.running:
            self._step()
            self.failed = 0
            self.granules = range(self.start & -GRANULE, self.end, GRANULE) if self.start < self.end else range(0)
            if not self.granules:
                self.finish()
        elif offset == Register.STATUS:
            self.status = 0
        elif offset == Register.ENABLE and mask & 1:
            self.enable = value & 1
