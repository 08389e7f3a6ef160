"""The observer of a running system: attaches to a golden machine and keeps the log of service events.

In lockstep the golden machine does what the core does, and every record of the core is compared before the next one is
followed: what is seen here is then the core's doing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from cosim.observe.invocations import ARGUMENTS, Invocations
from cosim.observe.places import Names, Places
from cosim.observe.windows import WindowError, event_of
from rtl.isa.csr import SCRS
from rtos_model.machine.capability import Cap
from rtos_model.machine.devices.simctl import Event as Closed
from rtos_model.machine.machine import Machine
from rtos_model.machine.value import capability
from rtos_model.services import registry
from rtos_model.services.events import Epoch, Event, Irq, Ready, Switch, Tick, TokenValue
from rtos_model.services.image import Image
from rtos_model.services.pointers import digest

MTDC = SCRS["mtdc"]
THREAD_ID = 154
"""Of the trusted stack: u16."""
TICKS, COUNTERS = "observe_ticks", "observe_irq_counters"
"""The scheduler's globals that say what time it is, and how often each configured interrupt came."""
COUNTER_BYTES = 4
WAKES = ("futex", "multi")
"""Reasons for which an interrupt makes threads ready."""


@dataclass(frozen=True, slots=True)
class Position:
    """When and where something was seen: clock, address, thread, and the compartment and entry it was in."""

    clock: int
    pc: int
    thread: int
    compartment: str
    entry: str


@dataclass(frozen=True, slots=True)
class Check:
    """A check that a scenario's thread makes: its number in its unit, and digests of what came and what should have."""

    unit: str
    number: int
    got: TokenValue
    wanted: TokenValue
    position: Position


@dataclass(frozen=True, slots=True)
class Said:
    """A text that a scenario's thread puts out: its number in its unit, digests of values to go with it, and how many
    events there were before."""

    unit: str
    number: int
    values: tuple[TokenValue, ...]
    position: Position
    after: int


class Observer:
    """`log` are the events so far, `positions` where each was seen; `checks` and `said` are what the
    threads of a scenario report of themselves; `problem` is what went wrong beyond all events."""

    def __init__(self, machine: Machine, image: Image, places: Places):
        self.machine = machine
        self.image = image
        self.places = places
        self.names = Names(places)
        self.log: list[Event] = []
        self.positions: list[Position] = []
        self.checks: list[Check] = []
        self.said: list[Said] = []
        self.problem = ""
        self.invocations = Invocations(
            machine,
            image,
            places,
            self.emit,
            self.complain,
            voids=registry.VOIDS,
            stacks=registry.STACKS,
            quiet=registry.OWN_COMPARTMENTS,
        )
        self._ticks = 0
        self._counters = [0] * len(image.interrupts)
        self._claimed = 0
        self._interrupt: tuple[int, int, list[int]] | None = None
        platform = machine.platform
        platform.simctl.reported = self._reported
        self._told_of_claims, platform.plic.claimed = platform.plic.claimed, self._claim
        platform.revoker.stepped = lambda epoch: self.emit(Epoch(epoch))
        for at in places.labelled("observe_resume"):
            machine.probe(at, self._resume)
        for at, unit in places.checks.items():
            machine.probe(at, partial(self._check, unit))
        for at, unit in places.texts.items():
            machine.probe(at, partial(self._say, unit))
        self._watch(TICKS, self._ticked)
        self._watch(COUNTERS, self._counted)

    def emit(self, event: Event) -> None:
        self.log.append(event)
        self.positions.append(self._here())

    def _here(self) -> Position:
        thread = self.invocations.current
        frame = thread.frames[-1] if thread.frames else None
        where = (frame.compartment, frame.entry) if frame else ("", "")
        return Position(self.machine.time.now, self.machine.pc, thread.number, *where)

    def _watch(self, label: str, look: Callable[[], None]) -> None:
        start = self.places.labels.get(label)
        if start is not None:
            size = 8 if label == TICKS else COUNTER_BYTES * len(self.image.interrupts)
            for line in range(start & -8, start + size, 8):
                self.machine.watch(line, look)

    def complain(self, problem: str) -> None:
        """Keep the first problem; the run is not worth going on with."""
        self.problem = self.problem or problem

    # Threads

    def _resume(self) -> None:
        """The switcher goes back to a thread: the one whose trusted stack is in MTDC."""
        trusted = capability(self.machine.scrs[MTDC])
        number = self.machine.memory.load(trusted.address + THREAD_ID, 2) if trusted.tag else 0
        self._flush()
        before = self.invocations.current
        self.invocations.current = self.invocations.threads[number]
        self.invocations.trusted = trusted.address if trusted.tag else 0
        if number != before.number:
            self.emit(Switch(before.number, number))

    # What the threads of a scenario report of themselves

    def _arguments(self) -> list[Cap]:
        return [self.invocations.register(number) for number in ARGUMENTS]

    def _check(self, unit: str) -> None:
        got, wanted, number, *_ = self._arguments()
        self.checks.append(Check(unit, number.address, digest(got), digest(wanted), self._here()))

    def _say(self, unit: str) -> None:
        number, *values = self._arguments()
        self.said.append(Said(unit, number.address, tuple(map(digest, values)), self._here(), len(self.log)))

    # What the trusted compartments report

    def _reported(self, closed: Closed) -> None:
        try:
            event = event_of(closed, self.names)
        except WindowError as error:
            self.complain(str(error))
            return
        if self._interrupt and isinstance(event, Ready) and event.reason in WAKES:
            self._interrupt[2].append(event.thread)
        else:
            self._flush()
        self.emit(event)

    # Time and interrupts

    def _ticked(self) -> None:
        at = self.places.labels[TICKS]
        ticks = self.machine.memory.load(at, 4) | self.machine.memory.load(at + 4, 4) << 32
        if ticks != self._ticks:
            self._ticks = ticks
            self._flush()
            self.emit(Tick(ticks))

    def _claim(self, source: int) -> None:
        self._claimed = source
        self._told_of_claims(source)

    def _counted(self) -> None:
        """The source is the one that the interrupt controller gave out, the number of times the scheduler's count."""
        start = self.places.labels[COUNTERS]
        for index in range(len(self._counters)):
            count = self.machine.memory.load(start + COUNTER_BYTES * index, COUNTER_BYTES)
            if count != self._counters[index]:
                self._counters[index] = count
                self._flush()
                self._interrupt = (self._claimed, count, [])

    def _flush(self) -> None:
        """An interrupt's event comes after the threads that it woke, and before what else the scheduler does."""
        if self._interrupt:
            number, count, woken = self._interrupt
            self._interrupt = None
            self.emit(Irq(number, count, tuple(woken)))
