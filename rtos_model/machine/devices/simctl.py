"""Simulation control: exit, markers, characters, counters and event windows. All of it is written, nothing read."""

import enum
from collections.abc import Callable
from dataclasses import dataclass, field

from rtos_model.machine.devices.device import Device
from rtos_model.machine.time import Time


class Register(enum.IntEnum):
    EXIT = 0x00
    START = 0x04
    STOP = 0x08
    CHARACTER = 0x0C
    CYCLES = 0x10
    INSTRUCTIONS = 0x14
    ADVANCE = 0x18
    INTERRUPT = 0x1C


WINDOW = 0x40
"""Bytes of one compartment's event window; the registers are in front of the first."""


@dataclass(frozen=True, kw_only=True)
class Marker:
    """A store to START, STOP, CYCLES or INSTRUCTIONS."""

    register: Register
    clock: int
    value: int


@dataclass(frozen=True, kw_only=True)
class Event:
    """What one compartment stored into its window up to the store to its last line: (offset, value with tag)."""

    compartment: int
    clock: int
    stores: tuple[tuple[int, int], ...]


@dataclass(kw_only=True)
class SimControl(Device):
    """`exited(code)` and `character(byte)` are called when written; `advance(ticks)`, `interrupts(lines)` likewise;
    `reported(event)` when an event's record is complete.

    The registers act when their lowest byte is written; they are meant for stores of whole words.
    """

    time: Time
    exited: Callable[[int], None]
    character: Callable[[int], None]
    advance: Callable[[int], None]
    interrupts: Callable[[int], None]
    markers: list[Marker] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    reported: Callable[[Event], None] = lambda event: None
    _open: dict[int, list[tuple[int, int]]] = field(default_factory=dict)

    def write(self, offset: int, value: int, mask: int) -> None:
        if offset >= WINDOW:
            self._store(offset, value)
        elif not mask & 1:
            return
        elif offset == Register.EXIT:
            self.exited(value)
        elif offset == Register.CHARACTER:
            self.character(value & 0xFF)
        elif offset == Register.ADVANCE:
            self.advance(value)
        elif offset == Register.INTERRUPT:
            self.interrupts(value)
        elif offset in tuple(Register):
            self.markers.append(Marker(register=Register(offset), clock=self.time.now, value=value))

    def write_capability(self, offset: int, value: int) -> None:
        if offset >= WINDOW:
            self._store(offset, value)
        else:
            super().write_capability(offset, value)

    def _store(self, offset: int, value: int) -> None:
        compartment, place = divmod(offset, WINDOW)
        stores = self._open.setdefault(compartment, [])
        stores.append((place, value))
        if place >= WINDOW - 8:
            event = Event(compartment=compartment, clock=self.time.now, stores=tuple(stores))
            del self._open[compartment]
            self.events.append(event)
            self.reported(event)
