"""What a run lets an observer see: one record per service event, the unit of comparison.

Every record has a canonical line, `KIND field field ...` in the order of its fields, and `parse` reads it back.
Threads are identifiers (0 = idle), scalars are signed 32-bit numbers, capabilities are digests, memory objects are
names given in creation order (`heap#2+8`, `main.word`); no absolute address occurs, so two implementations with
different memory maps produce the same log.
"""

from dataclasses import dataclass, fields
from typing import ClassVar, TypeVar

from rtos_model.services.errors import ServiceModelError

ANY = "*"
"""In an expected line: this field may be anything."""

TokenValue = int | str


class Event:
    """Base of the records; `line()` is the canonical text."""

    kind: ClassVar[str]
    __slots__ = ()

    def values(self) -> tuple[object, ...]:
        return tuple(getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]

    def line(self, names: dict[int, str] | None = None) -> str:
        """The record as text. `names` replaces thread identifiers by names for a human reader."""
        words = [self.kind]
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if field.name in THREAD_FIELDS and names is not None:
                words.append(names.get(value, str(value)))
            elif isinstance(value, tuple):
                parts = [names.get(v, str(v)) if field.name == "woken" and names else str(v) for v in value]
                words.append("[" + ",".join(parts) + "]")
            else:
                words.append(str(value))
        return " ".join(words)

    def __str__(self) -> str:
        return self.line()


THREAD_FIELDS = frozenset({"thread", "outgoing", "incoming"})
KINDS: dict[str, type[Event]] = {}


Kind = TypeVar("Kind", bound=type[Event])


def _event(cls: Kind) -> Kind:
    cls.kind = cls.__name__.upper()
    KINDS[cls.kind] = cls
    return cls


@_event
@dataclass(frozen=True, slots=True)
class Call(Event):
    """The switcher accepted a cross-compartment call."""

    thread: int
    caller: str
    callee: str
    entry: str
    arguments: tuple[TokenValue, ...]


@_event
@dataclass(frozen=True, slots=True)
class CallFail(Event):
    """The switcher refused or abandoned a call: code -1, -140 or -141."""

    thread: int
    entry: str
    code: int


@_event
@dataclass(frozen=True, slots=True)
class Ret(Event):
    """Return to the caller, by any route that is not a CALLFAIL."""

    thread: int
    entry: str
    a0: TokenValue
    a1: TokenValue


@_event
@dataclass(frozen=True, slots=True)
class Lib(Event):
    """A library service returned to a compartment. Calls from libraries and from the RTOS are not seen."""

    thread: int
    entry: str
    result: TokenValue


@_event
@dataclass(frozen=True, slots=True)
class Block(Event):
    """A thread left the ready set. `deadline` is `none`, `ticks:<n>` or `absolute`."""

    thread: int
    object: str
    deadline: str


@_event
@dataclass(frozen=True, slots=True)
class Ready(Event):
    """A thread re-entered the ready set: reason timer, futex, multi, delete or early."""

    thread: int
    reason: str


@_event
@dataclass(frozen=True, slots=True)
class Switch(Event):
    """The running thread changed; 0 is the idle context."""

    outgoing: int
    incoming: int


@_event
@dataclass(frozen=True, slots=True)
class Boost(Event):
    """The effective priority of a thread changed."""

    thread: int
    old: int
    new: int


@_event
@dataclass(frozen=True, slots=True)
class Irq(Event):
    """An external interrupt was taken: its number, the new counter value, the threads it woke in order."""

    number: int
    counter: int
    woken: tuple[int, ...]


@_event
@dataclass(frozen=True, slots=True)
class Tick(Event):
    """The tick counter was recomputed to a new value."""

    counter: int


@_event
@dataclass(frozen=True, slots=True)
class Trapped(Event):
    """A synchronous fault was taken. `cause` is bits 4:0 of mtval for mcause 28, else 0."""

    thread: int
    compartment: str
    mcause: int
    cause: int


@_event
@dataclass(frozen=True, slots=True)
class Handler(Event):
    """An error handler ran: kind rich or stackless, outcome resume or unwind."""

    thread: int
    compartment: str
    form: str
    outcome: str


@_event
@dataclass(frozen=True, slots=True)
class Unwind(Event):
    """An invocation was discarded."""

    thread: int
    compartment: str


@_event
@dataclass(frozen=True, slots=True)
class Exit(Event):
    """A thread finished."""

    thread: int


@_event
@dataclass(frozen=True, slots=True)
class Alloc(Event):
    """A heap allocation attempt finished: result is the object's name or the negative code; charge 0 if refused."""

    quota: str
    size: int
    charge: int
    result: TokenValue


@_event
@dataclass(frozen=True, slots=True)
class Free(Event):
    """A heap release finished: freed, deferred-hazard, owner-dropped, claim-dropped or refused."""

    quota: str
    object: str
    action: str


@_event
@dataclass(frozen=True, slots=True)
class Claim(Event):
    """A long-term claim was taken; `count` is the new number of this quota's claims."""

    quota: str
    object: str
    count: int


@_event
@dataclass(frozen=True, slots=True)
class Epoch(Event):
    """The revocation epoch changed."""

    number: int


@_event
@dataclass(frozen=True, slots=True)
class SealKey(Event):
    """A dynamic sealing key was created; ordinals count from 1."""

    ordinal: int


Trapped.kind = "TRAP"
KINDS["TRAP"] = KINDS.pop("TRAPPED")


def scalar(value: int) -> int:
    """A register's scalar as it stands in a record: signed 32-bit; wider values (absolute times) unchanged."""
    value = int(value)
    if -(1 << 31) <= value < 1 << 31:
        return value
    return value - (1 << 32) if value < 1 << 32 else value


def parse(line: str) -> Event:
    """Read a canonical line back. Raises ServiceModelError naming the line when it is not one."""
    words = line.split()
    cls = KINDS.get(words[0]) if words else None
    if cls is None:
        raise ServiceModelError(f"{line!r}: not an event; a line starts with one of {', '.join(KINDS)}")
    specs = fields(cls)  # type: ignore[arg-type]
    if len(words) - 1 != len(specs):
        wanted = " ".join(field.name for field in specs)
        raise ServiceModelError(f"{line!r}: {cls.kind} has {len(specs)} fields: {wanted}")
    return cls(*(_read(line, word, field.type) for word, field in zip(words[1:], specs, strict=True)))


def _read(line: str, word: str, annotation: object) -> object:
    if annotation is str:
        return word
    if annotation == TokenValue:
        return _scalar_or_text(word)
    if annotation is int:
        try:
            return int(word)
        except ValueError as error:
            raise ServiceModelError(f"{line!r}: {word!r} should be a number") from error
    if not (word.startswith("[") and word.endswith("]")):
        raise ServiceModelError(f"{line!r}: {word!r} should be a list like [1,2]")
    return tuple(_scalar_or_text(part) for part in word[1:-1].split(",") if part)


def _scalar_or_text(word: str) -> TokenValue:
    return int(word) if word.lstrip("-").isdigit() else word


def lines_match(event: Event, expected: str, names: dict[int, str]) -> bool:
    """Does the record fit an expected line, in which threads are names and `*` is any field?"""
    have, want = event.line(names).split(), expected.split()
    return len(have) == len(want) and all(w in (ANY, h) for h, w in zip(have, want, strict=True))
