"""Lockstep: the core leads, the golden machine follows; every field of every record is compared.

Only the clock, the instant of an interrupt and the interrupt lines at that instant come from the core; the machine
checks the last two itself (`Machine.follow`).
"""

from collections import deque
from collections.abc import Callable, Iterable

from cosim.compare.record import RECORD
from cosim.compare.report import HISTORY, Difference
from rtl.isa.table import REGISTERS
from rtos_model.machine.agenda import Disagreement
from rtos_model.machine.capability import Cap
from rtos_model.machine.commit import CLOCK_MASK, Record
from rtos_model.machine.machine import Machine
from rtos_model.machine.time import NEVER
from rtos_model.machine.value import capability


class Lockstep:
    """Feed it the core's records in order. After a difference it must not be used again."""

    def __init__(self, machine: Machine):
        self.machine = machine
        self.checked = 0
        """Records compared and found equal."""
        self._before = b""  # the last records of the earlier calls
        self._notices: list[tuple[int, Callable[[], None]]] = []

    def notice(self, notices: Iterable[tuple[int, Callable[[], None]]]) -> None:
        """What happened to the core besides its instructions: the clock cycle, and what that means for the machine.

        It acts on the machine before the first record with a later clock. To be told before that record is checked.
        """
        self._notices = sorted((*self._notices, *notices), key=lambda notice: notice[0])

    def check(self, data: bytes) -> Difference | None:
        """Compare records; returns the first difference, if there is one."""
        follow = self.machine.follow
        notices = deque(self._notices)
        following = notices[0][0] if notices else NEVER
        done = 0
        record: Record = ()
        expected: Record | None = None
        note = ""
        try:
            for record in RECORD.iter_unpack(data):
                while record[0] & CLOCK_MASK > following:
                    _, act = notices.popleft()
                    act()
                    following = notices[0][0] if notices else NEVER
                expected = follow(record)
                if expected != record:
                    break
                done += 1
            else:
                self.checked += done
                self._before = (self._before + data[-HISTORY * RECORD.size :])[-HISTORY * RECORD.size :]
                self._notices = list(notices)
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
