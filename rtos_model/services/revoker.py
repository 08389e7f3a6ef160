"""The hardware revoker: epoch counter, sweep, completion interrupt (HP-40, HP-43)."""

from collections.abc import Callable
from dataclasses import dataclass

ID = 0x5500_0000
START, END, GO, EPOCH, STATUS, ENABLE = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x14


@dataclass(slots=True)
class Revoker:
    """Even epoch = idle, odd = sweeping. `changed(epoch)`, `sweep()` and `interrupt()` are told to the kernel."""

    changed: Callable[[int], None]
    sweep: Callable[[], None]
    interrupt: Callable[[], None]
    epoch: int = 0
    enabled: bool = False

    def kick(self) -> None:
        """Start a sweep unless one runs."""
        if self.epoch % 2 == 0:
            self.epoch += 1
            self.changed(self.epoch)

    def finish(self) -> bool:
        """Complete the running sweep; False if none runs."""
        if self.epoch % 2 == 0:
            return False
        self.sweep()
        self.epoch += 1
        self.changed(self.epoch)
        if self.enabled:
            self.interrupt()
        return True

    def read(self, offset: int) -> int:
        """Registers: id at 0x08, epoch at 0x0C, interrupt enable at 0x14."""
        return {GO: ID, EPOCH: self.epoch, ENABLE: int(self.enabled)}.get(offset, 0)

    def write(self, offset: int, value: int) -> None:
        """Any write to `go` starts a sweep; bit 0 of `enable` allows the completion interrupt."""
        if offset == GO:
            self.kick()
        elif offset == ENABLE:
            self.enabled = bool(value & 1)
