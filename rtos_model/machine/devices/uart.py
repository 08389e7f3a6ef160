"""A 16550-style UART with a register every 4 bytes, seen at its registers: characters take no time to send.

Source: 16550 data sheet; CHERIoT-SAFE platform. What is written while the divisor is open is not sent.
"""

import enum
from collections import deque
from collections.abc import Callable

from rtos_model.machine.devices.device import Device, merged
from rtos_model.machine.time import NEVER


class Register(enum.IntEnum):
    DATA = 0x00
    INTERRUPT_ENABLE = 0x04
    FIFO_CONTROL = 0x08  # written; read, the same offset identifies the interrupt
    LINE_CONTROL = 0x0C
    MODEM_CONTROL = 0x10
    LINE_STATUS = 0x14
    MODEM_STATUS = 0x18
    SCRATCH = 0x1C


DIVISOR_OPEN = 0x80
"""Bit of LINE_CONTROL: the first two registers are the divisor."""
RECEIVED, SENDABLE, IDLE = 0x01, 0x20, 0x40
"""Bits of LINE_STATUS."""
ENABLE_RECEIVED, ENABLE_SENDABLE = 0x01, 0x02
NO_INTERRUPT, IS_SENDABLE, IS_RECEIVED = 0x01, 0x02, 0x04
"""What the interrupt identification says."""
FIFOS_ON = 0xC0
KEEPS: dict[int, int] = {Register.INTERRUPT_ENABLE: 0x0F, Register.MODEM_CONTROL: 0x1F}
"""Bits that registers have, if fewer than eight."""
RECEIVE_FIFO = 16
"""Characters that wait to be read; more are lost."""


class Uart(Device):
    """`sent(byte)` is called for every character transmitted."""

    def __init__(self, sent: Callable[[int], None]):
        self.sent = sent
        self.waiting: deque[int] = deque()
        self.divisor = 0
        self.fifos = 0
        self.kept: dict[int, int] = dict.fromkeys(
            (Register.INTERRUPT_ENABLE, Register.LINE_CONTROL, Register.MODEM_CONTROL, Register.SCRATCH), 0
        )

    def receive(self, byte: int) -> None:
        """A character arrives from outside."""
        if len(self.waiting) < RECEIVE_FIFO:
            self.waiting.append(byte)

    def settle(self) -> None:
        """The access of this clock is over. Nothing takes time here."""

    def changes(self) -> int:
        """The clock at which the interrupt rises by itself, if it will."""
        return NEVER

    @property
    def interrupt(self) -> bool:
        return self._identification() != NO_INTERRUPT

    @property
    def enabled(self) -> int:
        """Interrupts that are enabled."""
        return self.kept[Register.INTERRUPT_ENABLE]

    def _identification(self) -> int:
        if self.waiting and self.enabled & ENABLE_RECEIVED:
            return IS_RECEIVED
        return IS_SENDABLE if self.enabled & ENABLE_SENDABLE else NO_INTERRUPT

    def _status(self) -> int:
        """What LINE_STATUS reads."""
        return SENDABLE | IDLE | (RECEIVED if self.waiting else 0)

    @property
    def _divisor_open(self) -> bool:
        return bool(self.kept[Register.LINE_CONTROL] & DIVISOR_OPEN)

    def read(self, offset: int) -> int:
        if self._divisor_open and offset in (Register.DATA, Register.INTERRUPT_ENABLE):
            return self.divisor >> (8 if offset == Register.INTERRUPT_ENABLE else 0) & 0xFF
        if offset == Register.DATA:
            return self.waiting.popleft() if self.waiting else 0
        if offset == Register.FIFO_CONTROL:
            return self._identification() | (FIFOS_ON if self.fifos else 0)
        if offset == Register.LINE_STATUS:
            return self._status()
        return self.kept.get(offset, 0)

    def write(self, offset: int, value: int, mask: int) -> None:
        value, mask = value & 0xFF, mask & 0xFF
        if not mask:
            return  # registers have one byte
        if self._divisor_open and offset == Register.DATA:
            self.divisor = merged(self.divisor, value, mask)
        elif self._divisor_open and offset == Register.INTERRUPT_ENABLE:
            self.divisor = merged(self.divisor, value << 8, mask << 8)
        elif offset == Register.DATA:
            self.sent(value)
        elif offset == Register.FIFO_CONTROL:
            self.fifos = value & 1
            if value & 2:
                self.waiting.clear()
        elif offset in self.kept:
            self.kept[offset] = value & KEEPS.get(offset, 0xFF)
