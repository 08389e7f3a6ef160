"""Lockstep: the core leads, the golden machine follows; every field of every record is compared.

Only the clock, the instant of an interrupt and the interrupt lines at that instant come from the core; the machine
checks the last two itself (`Machine.follow`).
"""

from collections import deque

from cosim.compare.record import RECORD
from cosim.compare.report import HISTORY, Difference
from rtl.isa.table import REGISTERS
from rtos_model.machine.agenda import Disagreement
from rtos_model.machine.capability import Cap
from rtos_model.machine.commit import CLOCK_MASK, Record
from rtos_model.machine.machine import Machine
from rtos_model.machine.value import capability


class Lockstep:
    """Feed it the core's records in order. After a difference it must not be used again."""

    def __init__(self, machine: Machine):
        self.machine = machine
        self.checked = 0
        """Records compared and found equal."""
        self._before = b""  # the last records of the earlier calls
        self._received: deque[tuple[int, int]] = deque()

    def received(self, clock: int, byte: int) -> None:
        """The core's UART accepted a byte in that clock cycle; tell so before the records that follow it."""
        self._received.append((clock, byte))

    def check(self, data: bytes) -> Difference | None:
        """Compare records; returns the first difference, if there is one."""
        start = 0
        while self._received:
            clock, byte = self._received[0]
            later = first_after(data, start, clock)
            if later is None:
                break
            difference = self._check(data[start:later])
            if difference:
                return difference
            start = later
            self.machine.receive(byte)
            self._received.popleft()
        return self._check(data[start:] if start else data)

    def _check(self, data: bytes) -> Difference | None:
        follow = self.machine.follow
        done = 0
        record: Record = ()
        expected: Record | None = None
        note = ""
        try:
            for record in RECORD.iter_unpack(data):
                expected = follow(record)
                if expected != record:
                    break
                done += 1
            else:
                self.checked += done
                self._before = (self._before + data[-HISTORY * RECORD.size :])[-HISTORY * RECORD.size :]
                return None
        except Disagreement as disagreement:
            expected, note = None, str(disagreement)
        past = (self._before + data[: done * RECORD.size])[-HISTORY * RECORD.size :]
        self.checked += done
        return Difference(
            order=self.checked,
            core=record,
            model=expected,
            history=list(RECORD.iter_unpack(past)),
            registers=self.registers(),
            note=note,
        )

    def registers(self) -> list[Cap]:
        """The golden machine's registers, now."""
        return [capability(value) for value in self.machine.registers[:REGISTERS]]


def first_after(data: bytes, start: int, clock: int) -> int | None:
    """Offset of the first record, from `start` on, whose clock is beyond `clock`."""
    for offset in range(start, len(data), RECORD.size):
        if RECORD.unpack_from(data, offset)[0] & CLOCK_MASK > clock:
            return offset
    return None
