"""The revoker: epoch counter, sweep, completion interrupt (HP-40, HP-41, HP-43).

The device sweeps by itself. The software revoker (`synchronous`) works only while it is called, 4,096 capability words
at a time, and has no registers and no interrupt.
"""

from collections.abc import Callable
from dataclasses import dataclass

ID = 0x5500_0000
START, END, GO, EPOCH, STATUS, ENABLE = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x14
WORDS_PER_KICK = 4096


@dataclass(slots=True)
class Revoker:
    """Even epoch = idle, odd = sweeping. `changed(epoch)`, `sweep()` and `interrupt()` are told to the kernel."""

    changed: Callable[[int], None]
    sweep: Callable[[], None]
    interrupt: Callable[[], None]
    synchronous: bool = False
    words: int = 0  # capability words of a whole sweep
    epoch: int = 0
    enabled: bool = False
    swept: int = 0

    @property
    def running(self) -> bool:
        return self.epoch % 2 == 1

    def kick(self) -> None:
        """Start a sweep unless one runs; the software revoker also does a piece of it."""
        if not self.running:
            self.swept = 0
            self._step()
        if self.synchronous:
            self.swept += WORDS_PER_KICK
            if self.swept >= self.words:
                self._complete()

    def finish(self) -> bool:
        """Time for the device to complete the running sweep; False if none runs."""
        if self.synchronous or not self.running:
            return False
        self._complete()
        if self.enabled:
            self.interrupt()
        return True

    def finished(self, epoch: int) -> bool:
        """HP-40: has a whole sweep gone by since this even epoch? Asking lets the software revoker work on."""
        if self.synchronous and self.running:
            self.kick()
        return self.epoch - epoch >= 2

    def _complete(self) -> None:
        self.sweep()
        self._step()

    def _step(self) -> None:
        self.epoch += 1
        self.changed(self.epoch)

    def read(self, offset: int) -> int:
        """Registers: id at 0x08, epoch at 0x0C, interrupt enable at 0x14."""
        return {GO: ID, EPOCH: self.epoch, ENABLE: int(self.enabled)}.get(offset, 0)

    def write(self, offset: int, value: int) -> None:
        """Any write to `go` starts a sweep; bit 0 of `enable` allows the completion interrupt."""
        if offset == GO:
            self.kick()
        elif offset == ENABLE:
            self.enabled = bool(value & 1)
