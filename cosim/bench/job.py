"""What the simulator's process is asked to do, and what it answers: plain data that crosses a socket."""

import enum
from dataclasses import dataclass, field

DESCRIPTOR = "CHERIOT_COSIM_SOCKET"
"""Environment variable with the number of the simulator's end of the socket."""


@dataclass(frozen=True)
class Load:
    """Contents for one array of the design (numbered as in the wrapper), little-endian, from element `first` on."""

    array: int
    first: int
    words: int  # 64-bit words of one element
    data: bytes


@dataclass(frozen=True)
class Input:
    """A wrapper input takes a value before the clock edge of cycle `clock`."""

    clock: int
    name: str
    value: int


@dataclass(frozen=True)
class Dump:
    """An array to be read: its number, elements and 64-bit words of one element."""

    array: int
    depth: int
    words: int


@dataclass(frozen=True)
class Job:
    """One run from reset. Answers: any number of Records and Events, then one Ended."""

    max_cycles: int
    loads: tuple[Load, ...] = ()
    idle: dict[str, int] = field(default_factory=dict)  # the wrapper's inputs at reset
    inputs: tuple[Input, ...] = ()  # changes to them, in order of their clock
    waves: str | None = None
    symbols: dict[str, int] = field(default_factory=dict)  # for the texts in waves
    records: bool = True  # send them
    dumps: tuple[Dump, ...] = ()
    quiet_limit: int = 20_000  # cycles without a record after which the core counts as stuck


@dataclass(frozen=True)
class Records:
    """Commit records, `rtl.isa.commit.WORDS` words each."""

    data: bytes


@dataclass(frozen=True)
class Events:
    """(clock, kind, value) each; kinds are numbered as in the wrapper."""

    events: list[tuple[int, int, int]]
    cycles: int  # so far


class Stop(enum.Enum):
    """Why a run ended."""

    EXIT = "exit"
    TIMEOUT = "timeout"
    STUCK = "stuck"


@dataclass(frozen=True)
class Ended:
    """The end of a run. `dumps`, as asked for, show the state in clock cycle `clock`, when `records` had been sent.

    `tail` are the records of the cycles right after: those of instructions that were in flight.
    """

    why: Stop
    clock: int
    records: int
    seconds: float
    dumps: list[bytes]
    tail: bytes
