"""Records of the trusted compartments' event windows as service events; the layouts are those of `observe.h`."""

import enum
from collections.abc import Callable

from cosim.observe.places import Names
from rtl.isa.capfmt import GRANULE
from rtos_model.machine.capability import Cap
from rtos_model.machine.devices.simctl import WINDOW
from rtos_model.machine.devices.simctl import Event as Closed
from rtos_model.machine.value import capability
from rtos_model.services.events import Alloc, Block, Boost, Claim, Event, Free, Ready, SealKey, scalar

CLOSE = WINDOW - GRANULE
"""Offset of the word that names the event and closes its record."""
WORD = 0xFFFF_FFFF
DEADLINES = ("none", "ticks", "absolute")
REASONS = ("timer", "futex", "multi", "delete", "early")
ACTIONS = ("freed", "deferred-hazard", "owner-dropped", "claim-dropped", "refused")
FREED = 0
NOBODY = "?"


class Code(enum.IntEnum):
    BLOCK = 1
    READY = 2
    BOOST = 3
    ALLOC = 4
    FREE = 5
    CLAIM = 6
    SEALKEY = 7


class Wait(enum.IntEnum):
    FUTEX = 0
    MULTIWAITER = 1
    SLEEP = 2


class WindowError(ValueError):
    """A record that makes no sense: one line that says which."""


class Record:
    """The slots of a closed record; one that was not stored is zero."""

    def __init__(self, closed: Closed):
        self._slots: dict[int, int] = {}
        for offset, value in closed.stores:
            place, half = divmod(offset, GRANULE)
            old = self._slots.get(place, 0)
            self._slots[place] = old & WORD | (value & WORD) << 32 if half else value
        self.code = self._slots.get(CLOSE // GRANULE, 0) & WORD
        self.place = f"event window {closed.compartment}, record with code {self.code}"

    def number(self, slot: int) -> int:
        return self._slots.get(slot, 0) & WORD

    def capability(self, slot: int) -> Cap:
        return capability(self._slots.get(slot, 0))

    def word(self, slot: int, words: tuple[str, ...]) -> str:
        number = self.number(slot)
        if number >= len(words):
            raise WindowError(f"{self.place}: slot {slot} is {number}; known are 0 to {len(words) - 1}")
        return words[number]


def event_of(closed: Closed, names: Names) -> Event:
    """The service event of a record. Heap objects get their names here. Raises WindowError."""
    record = Record(closed)
    reader = READERS.get(record.code)
    if reader is None:
        raise WindowError(f"{record.place}: no such event; the codes are 1 to {max(Code)}")
    return reader(record, names)


def _block(record: Record, names: Names) -> Event:
    thread, address, wait = record.number(0), record.capability(1).address, record.number(2)
    if wait == Wait.SLEEP:
        what = "sleep"
    else:
        what = names.object_of(address) if wait == Wait.MULTIWAITER else names.of(address)
    deadline = record.word(3, DEADLINES)
    return Block(thread, what, f"ticks:{record.number(4)}" if deadline == "ticks" else deadline)


def _ready(record: Record, names: Names) -> Event:
    return Ready(record.number(0), record.word(1, REASONS))


def _boost(record: Record, names: Names) -> Event:
    return Boost(record.number(0), record.number(1), record.number(2))


def _quota(record: Record, names: Names) -> str:
    handle = record.capability(0)
    return names.object_of(handle.address) if handle.tag else NOBODY


def _alloc(record: Record, names: Names) -> Event:
    quota, result = _quota(record, names), record.capability(3)
    made = names.create(*result.bounds()) if result.tag else scalar(result.address)
    return Alloc(quota, record.number(1), record.number(2), made)


def _free(record: Record, names: Names) -> Event:
    quota, target = _quota(record, names), record.capability(1)
    base = target.bounds()[0]
    what = names.object_of(base) if target.address or target.metadata else NOBODY
    action = record.word(2, ACTIONS)
    if action == ACTIONS[FREED]:
        names.destroy(base)
    return Free(quota, what, action)


def _claim(record: Record, names: Names) -> Event:
    return Claim(_quota(record, names), names.object_of(record.capability(1).bounds()[0]), record.number(2))


def _sealkey(record: Record, names: Names) -> Event:
    return SealKey(record.number(0))


READERS: dict[int, Callable[[Record, Names], Event]] = {
    Code.BLOCK: _block,
    Code.READY: _ready,
    Code.BOOST: _boost,
    Code.ALLOC: _alloc,
    Code.FREE: _free,
    Code.CLAIM: _claim,
    Code.SEALKEY: _sealkey,
}
