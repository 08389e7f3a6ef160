"""What the simulator's process is asked to do, and what it answers: plain data that crosses a socket."""

from dataclasses import dataclass, field

NEVER = 1 << 63
"""A clock cycle that no run reaches."""
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
class Keyboard:
    """How characters are typed: the wrapper inputs for a character and its validity, and the event that says that one
    was accepted. Until it is, the character is offered again."""

    character: str
    valid: str
    accepted: int


@dataclass(frozen=True)
class SerialLine:
    """The same where there is a serial line: its input, and the array that holds how many cycles a bit takes."""

    line: str
    period: int


@dataclass(frozen=True)
class Typed:
    """Characters to be typed; more may follow during a run."""

    text: bytes


@dataclass(frozen=True)
class Job:
    """One run from reset. Answers: any number of Records and Events, then one Ended.

    `settled` are loads for after `settling` cycles, when the design has cleared what it clears.
    """

    max_cycles: int
    loads: tuple[Load, ...] = ()
    idle: dict[str, int] = field(default_factory=dict)  # the wrapper's inputs at reset
    inputs: tuple[Input, ...] = ()  # changes to them, in order of their clock
    waves: str | None = None
    waves_from: int = 0  # cycle
    waves_until: int = NEVER  # cycle
    settling: int = 0
    settled: tuple[Load, ...] = ()
    keyboard: Keyboard | SerialLine | None = None
    typed: bytes = b""
    recent: int = 0  # records to keep for `Ended`
    symbols: dict[str, int] = field(default_factory=dict)  # for the texts in waves
    records: bool = True  # send them
    dumps: tuple[Dump, ...] = ()


@dataclass(frozen=True)
class Records:
    """Commit records, `rtl.isa.commit.WORDS` words each."""

    data: bytes


@dataclass(frozen=True)
class Events:
    """Three 64-bit words each: clock, kind (numbered as in the wrapper), value. `cycles` and `records` so far."""

    data: bytes
    cycles: int
    records: int


@dataclass(frozen=True)
class Ended:
    """The end of a run. `dumps`, as asked for, show the state after clock cycle `clock`, when `records` had been sent.

    `tail` are the records of the cycles right after: those of instructions that were in flight. `timeout`: the
    clock was not stopped by the design. `seconds` is the time that the run itself took, `recent` the last records
    before the end.
    """

    clock: int
    records: int
    timeout: bool
    seconds: float
    dumps: list[bytes]
    tail: bytes
    recent: bytes = b""
