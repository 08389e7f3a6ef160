"""Platform-level interrupt controller with one context. Source: RISC-V PLIC; CHERIoT-SAFE platform for the sizes."""

from collections.abc import Callable

from rtos_model.machine.devices.device import Device, merged

SOURCES = 32
"""Including number 0, which means none."""
PRIORITIES = 8
PENDING, ENABLE, THRESHOLD, CLAIM = 0x1000, 0x2000, 0x20_0000, 0x20_0004
REVOKER, UART = 1, 2


class Plic(Device):
    """Sources are levels, or edges that are latched; a source claimed is not pending again until completed.

    `claimed(source)` is called for each claim.
    """

    def __init__(self) -> None:
        self.priority = [0] * SOURCES
        self.threshold = 0
        self.enabled = 0
        self._levels = 0
        self._latched = 0
        self._claimed = 0
        self.claimed: Callable[[int], None] = lambda source: None

    def set_level(self, source: int, high: bool) -> None:
        self._levels = self._levels & ~(1 << source) | high << source

    def pulse(self, source: int) -> None:
        """An edge, kept until it is claimed."""
        self._latched |= 1 << source

    @property
    def pending(self) -> int:
        """A bit per source."""
        return (self._latched | self._levels) & ~self._claimed

    def _best(self, least: int) -> int:
        """The pending, enabled source of the highest priority above `least`; the lowest number of equals; or 0."""
        ready = self.pending & self.enabled
        if not ready:
            return 0
        sources = [source for source in range(1, SOURCES) if ready >> source & 1 and self.priority[source] > least]
        return max(sources, key=lambda source: (self.priority[source], -source), default=0)

    @property
    def interrupt(self) -> bool:
        return self._best(self.threshold) != 0

    def read(self, offset: int) -> int:
        if offset < 4 * SOURCES:
            return self.priority[offset // 4]
        if offset == PENDING:
            return self.pending
        if offset == ENABLE:
            return self.enabled
        if offset == THRESHOLD:
            return self.threshold
        return self._claim() if offset == CLAIM else 0

    def _claim(self) -> int:
        source = self._best(0)
        if source:
            self._latched &= ~(1 << source)
            self._claimed |= 1 << source
            self.claimed(source)
        return source

    def write(self, offset: int, value: int, mask: int) -> None:
        if 0 < offset < 4 * SOURCES:
            self.priority[offset // 4] = merged(self.priority[offset // 4], value, mask) % PRIORITIES
        elif offset == ENABLE:
            self.enabled = merged(self.enabled, value, mask) & ~1
        elif offset == THRESHOLD:
            self.threshold = merged(self.threshold, value, mask) % PRIORITIES
        elif offset == CLAIM and value < SOURCES:
            self._claimed &= ~(1 << value)
