"""The UART with real serial lines: characters take time, wait in a FIFO to be sent, and may be lost when received.

Source: 16550 data sheet; CHERIoT-SAFE platform for the fraction of the divisor.
"""

from collections.abc import Callable

from rtos_model.machine.devices.uart import (
    ENABLE_SENDABLE,
    IDLE,
    IS_RECEIVED,
    IS_SENDABLE,
    NO_INTERRUPT,
    RECEIVE_FIFO,
    RECEIVED,
    SENDABLE,
    Register,
    Uart,
)
from rtos_model.machine.time import NEVER, Time

FRACTION = 0x24
OVERRUN, BROKEN = 0x02, 0x08
"""Bits of LINE_STATUS: a character was lost; a stop bit was missing."""
NO_STOP_BIT = 0x100
"""Bit of a received character that came without its stop bit."""
ENABLE_ERROR, IS_ERROR = 0x04, 0x06
CLEAR_SENDING = 0x04
"""Bit of FIFO_CONTROL."""
FRAME = 10
"""Bits of a character on the line."""
SAMPLES = 16
"""Of a bit, for each of which the divisor counts clocks."""


class Sender:
    """A FIFO and the shift register behind it, at the beginning of clock `_now`."""

    def __init__(self) -> None:
        self.waiting = 0
        self._bits = 0
        self._elapsed = 0  # of the present bit, in clocks
        self._now = 0

    def go_on(self, clock: int, period: int) -> None:
        """Let the time until `clock` pass, during which a bit takes `period` clocks."""
        period = max(period, 1)
        while self._now < clock:
            if self._bits == 0 and self.waiting == 0:
                self._now = clock
            elif self._bits == 0:
                self.waiting -= 1
                self._bits, self._elapsed = FRAME, 0
                self._now += 1
            else:
                present = max(period - self._elapsed, 1)
                step = min(present, clock - self._now)
                self._now += step
                self._elapsed += step
                if step == present:
                    self._bits, self._elapsed = self._bits - 1, 0

    @property
    def idle(self) -> bool:
        return self.waiting == 0 and self._bits == 0

    def empties(self, period: int) -> int:
        """The clock at whose beginning the FIFO will be empty, if nothing more is written."""
        if self.waiting == 0:
            return self._now
        period = max(period, 1)
        present = max(period - self._elapsed, 1) + (self._bits - 1) * period if self._bits else 0
        return self._now + present + 1 + (self.waiting - 1) * (FRAME * period + 1)


class SerialUart(Uart):
    """`time` tells when an access happens. Its effect is there from the next clock on."""

    def __init__(self, sent: Callable[[int], None], time: Time):
        super().__init__(sent)
        self._time = time
        self._sender = Sender()
        self._errors = 0
        self._fraction = 0

    @property
    def _period(self) -> int:
        return SAMPLES * self.divisor + self._fraction

    @property
    def waiting_to_send(self) -> int:
        """Characters in the FIFO."""
        return self._sender.waiting

    def _pass(self, clocks: int) -> None:
        self._sender.go_on(self._time.now + clocks, self._period)

    def receive(self, byte: int) -> None:
        if len(self.waiting) >= RECEIVE_FIFO:
            self._errors |= OVERRUN
        if byte & NO_STOP_BIT:
            self._errors |= BROKEN
        super().receive(byte & 0xFF)

    def changes(self) -> int:
        if not self.enabled & ENABLE_SENDABLE or not self._sender.waiting:
            return NEVER
        return self._sender.empties(self._period)

    def settle(self) -> None:
        self._pass(1)

    def _identification(self) -> int:
        if self._errors and self.enabled & ENABLE_ERROR:
            return IS_ERROR
        if super()._identification() == IS_RECEIVED:
            return IS_RECEIVED
        return IS_SENDABLE if self.enabled & ENABLE_SENDABLE and not self._sender.waiting else NO_INTERRUPT

    def _status(self) -> int:
        status = self._errors | (RECEIVED if self.waiting else 0)
        self._errors = 0
        return status | (0 if self._sender.waiting else SENDABLE) | (IDLE if self._sender.idle else 0)

    def read(self, offset: int) -> int:
        self._pass(0)
        return self._fraction if offset == FRACTION else super().read(offset)

    def write(self, offset: int, value: int, mask: int) -> None:
        self._pass(1)
        super().write(offset, value, mask)
        if not mask & 0xFF:
            return
        if offset == Register.DATA and not self._divisor_open:
            self._sender.waiting += 1
        elif offset == Register.FIFO_CONTROL and value & CLEAR_SENDING:
            self._sender.waiting = 0
        elif offset == FRACTION:
            self._fraction = value & 0xF
