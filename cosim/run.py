"""One program on the RTL, checked against the golden machine or not, or on the golden machine alone."""

import enum
import struct
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from cosim.bench.job import NEVER, Ended, Events, Input, Job, Records, Typed
from cosim.compare.lockstep import Lockstep
from cosim.compare.record import RECORD
from cosim.compare.report import HISTORY, Difference
from cosim.compare.state import differences, quiet, state_of
from cosim.endings import TOHOST
from cosim.faults.planting import PORT
from cosim.image import Program
from cosim.loads import golden_machine, memory_loads, tag_loads, told_host
from cosim.simulator import Simulator
from cosim.soc_design import Kind, keyboard
from cosim.soc_state import dumps, settling, state
from cosim.trace.log import CommitLog
from rtl.config import SocConfig
from rtl.isa.capfmt import GRANULE
from rtl.revoker.sweep import GRANULE_BITS, RECORD_LAG
from rtos_model.machine.commit import Record, unpack
from rtos_model.machine.devices.simctl import Event, Marker
from rtos_model.machine.devices.uart import RECEIVE_FIFO
from rtos_model.machine.machine import Machine

MAX_CYCLES = 1_000_000_000
MAX_CODE = 127
"""The largest exit code of firmware; larger ones are reported as this."""
EVENT = struct.Struct("<3Q")
MODEL_SLICE, MODEL_TYPING = 20_000, 256
"""Instructions of the golden machine between two looks at the outside; fewer while characters wait to be typed."""
AFTERWARDS = 64
"""Records at most between the end of a run and the end of the simulation."""
FOLLOWED = (Kind.RECEIVED, Kind.LINES, Kind.SWEPT, Kind.SWEEP_ENDED, Kind.ZEROED)
"""Events that the golden machine is told."""


class Verdict(enum.Enum):
    """How a run ended, in the words of a report."""

    EXIT = "the program ended"
    MISMATCH = "core and golden machine differ"
    LOCKUP = "nothing retires any more"
    ASLEEP = "everybody sleeps for ever"
    TIMEOUT = "the cycle limit was reached"
    STOPPED = "the run was given up"


ENDINGS = {Kind.EXIT: Verdict.EXIT, Kind.LOCKUP: Verdict.LOCKUP, Kind.ASLEEP: Verdict.ASLEEP}
CODES = {Verdict.MISMATCH: 250, Verdict.ASLEEP: 251, Verdict.LOCKUP: 253, Verdict.TIMEOUT: 254, Verdict.STOPPED: 254}
"""Exit codes of the command when it is not the program that decides."""


@dataclass
class RunResult:
    """What a run came to. `checked` counts records compared; `markers` and `events` are known if a model ran.

    `seconds` is the time of the run itself, without building and starting. `state_compared`: the final state of
    registers and memory also (only if the program stayed in a loop after its exit). `received` are the characters that
    the UART received, with the clock; `swept` and `cleared` count granules that the revoker visited, and those of them
    that lost their tag; `recent` are the last instructions before the end.
    """

    verdict: Verdict
    program_code: int | None
    cycles: int
    instructions: int
    seconds: float
    console: bytes
    checked: int = 0
    state_compared: bool = False
    difference: Difference | None = None
    markers: list[Marker] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    received: list[tuple[int, int]] = field(default_factory=list)
    swept: int = 0
    cleared: int = 0
    recent: list[Record] = field(default_factory=list)

    @property
    def code(self) -> int:
        """The exit code of a command that ran it."""
        if self.verdict is Verdict.EXIT:
            return min(self.program_code, MAX_CODE) if self.program_code != CODES[Verdict.LOCKUP] else self.program_code
        return CODES[self.verdict]


@dataclass(frozen=True)
class Watch:
    """Whom to tell what during a run: console output as it comes; cycles and records so far; of the golden machine
    before it starts. `stop` is asked now and then whether to go on, `typed` for more characters of console input.
    """

    console: Callable[[bytes], None] = lambda text: None
    progress: Callable[[int, int], None] = lambda cycles, records: None
    typed: Callable[[], bytes] = lambda: b""
    log: CommitLog | None = None
    machine: Callable[[Machine], None] = lambda machine: None
    stop: Callable[[], bool] = lambda: False


def run_rtl(
    simulator: Simulator,
    config: SocConfig,
    program: Program,
    *,
    check: bool = True,
    max_cycles: int = MAX_CYCLES,
    scripted: bool = False,
    inputs: tuple[Input, ...] = (),
    waves: str | None = None,
    waves_from: int = 0,
    waves_until: int = NEVER,
    fault: int = 0,
    watch: Watch = Watch(),
) -> RunResult:
    """Run on the RTL; with `check`, the golden machine follows and the first difference ends the run.

    `scripted`: time stands still while anybody computes (rtl.soc.scripted).
    """
    settings = {TOHOST: told_host(config, program) or 0}
    if fault:
        settings[PORT] = fault
    if scripted:
        settings["scripted"] = 1
    lockstep = Lockstep(golden_machine(config, program, scripted=scripted)) if check else None
    if lockstep:
        watch.machine(lockstep.machine)
    job = Job(
        max_cycles=max_cycles,
        loads=memory_loads(config, program),
        idle=simulator.build.design.at_rest() | settings,
        inputs=inputs,
        waves=waves,
        waves_from=waves_from,
        waves_until=waves_until,
        settling=settling(config),
        settled=tag_loads(config, program),
        keyboard=keyboard(config),
        typed=watch.typed(),
        recent=HISTORY + AFTERWARDS,
        symbols=dict(program.symbols),
        records=check or watch.log is not None,
        dumps=dumps(config) if check else (),
    )
    follower = _Follower(config, lockstep, watch)
    started = None
    for message in simulator.run(job):
        started = started or time.monotonic()
        follower.take(message)
        if text := watch.typed():
            simulator.send(Typed(text))
        follower.stopped = watch.stop()
        if follower.difference or follower.stopped:
            simulator.close()
            break
    return follower.result(time.monotonic() - started)


def notice(machine: Machine, kind: Kind, clock: int, value: int) -> tuple[int, Callable[[], None]]:
    """What an event means for the golden machine, and the clock cycle after which it does."""
    if kind is Kind.SWEPT:
        address = value % (1 << GRANULE_BITS) * GRANULE
        return clock - RECORD_LAG, partial(machine.follow_sweep, address, bool(value >> GRANULE_BITS))
    if kind is Kind.SWEEP_ENDED:
        return clock, machine.follow_sweep_end
    if kind is Kind.ZEROED:
        return clock, partial(machine.follow_zeroing, value * GRANULE, clock)
    if kind is Kind.RECEIVED:
        return clock, partial(machine.receive, value)
    return clock - 1, partial(machine.drive, value)  # seen in that very cycle


class _Follower:
    """Takes the simulator's messages, and makes of them what happened."""

    def __init__(self, config: SocConfig, lockstep: Lockstep | None, watch: Watch):
        self.config = config
        self.lockstep = lockstep
        self.watch = watch
        self.console = bytearray()
        self.endings: list[tuple[Kind, int]] = []
        self.cycles = self.records = 0
        self.difference: Difference | None = None
        self.state_compared = self.stopped = False
        self.last = b""
        self.recent = b""
        self.received: list[tuple[int, int]] = []
        self.swept = self.cleared = 0

    def take(self, message: Records | Events | Ended) -> None:
        if isinstance(message, Events):
            self._events(message)
        elif isinstance(message, Records):
            if self.lockstep:
                self.difference = self.lockstep.check(message.data)
            if self.watch.log:
                for record in RECORD.iter_unpack(message.data):
                    self.watch.log.add(record)
            self.last = message.data
        else:
            self.recent = message.recent
            if self.lockstep:
                self._compare_end(message)

    def _events(self, message: Events) -> None:
        text = bytearray()
        notices = []
        for clock, number, value in EVENT.iter_unpack(message.data):
            kind = Kind(number)
            if kind in (Kind.CHARACTER, Kind.SENT):
                text.append(value)
            elif kind in ENDINGS:
                self.endings.append((kind, value))
            elif kind is Kind.RECEIVED:
                self.received.append((clock, value))
            elif kind is Kind.SWEPT:
                self.swept += 1
                self.cleared += value >> GRANULE_BITS
            if kind in FOLLOWED and self.lockstep:
                notices.append(notice(self.lockstep.machine, kind, clock, value))
        if notices:
            self.lockstep.notice(notices)
        if text:
            self.console += text
            self.watch.console(bytes(text))
        self.cycles, self.records = message.cycles, message.records
        self.watch.progress(message.cycles, message.records)

    def _compare_end(self, ended: Ended) -> None:
        """The console and, if the program has come to rest, the whole state."""
        machine = self.lockstep.machine
        notes = []
        if bytes(self.console) != bytes(machine.platform.console):
            notes.append(f"console: core {bytes(self.console)!r}, model {bytes(machine.platform.console)!r}")
        if (Kind.EXIT, machine.platform.exit_code) not in self.endings[:1] and self._exited:
            notes.append(f"exit code: core {self.endings[0][1]}, model {machine.platform.exit_code}")
        busy = machine.platform.revoker.running or machine.zeroiser.left
        if self._exited and not busy and quiet(self.last + ended.tail):
            self.state_compared = True
            notes += differences(state(self.config, ended.dumps), state_of(machine), self.config.map())
        if notes:
            self.difference = Difference(
                order=self.lockstep.checked,
                core=None,
                model=None,
                registers=self.lockstep.registers(),
                note="\n  ".join(["the final state differs:", *notes]),
            )

    @property
    def _exited(self) -> bool:
        return bool(self.endings) and self.endings[0][0] is Kind.EXIT

    def result(self, seconds: float) -> RunResult:
        if self.difference:
            verdict = Verdict.MISMATCH
        elif self.stopped:
            verdict = Verdict.STOPPED
        elif not self.endings:
            verdict = Verdict.TIMEOUT
        else:
            verdict = ENDINGS[self.endings[0][0]]
        simctl = self.lockstep.machine.platform.simctl if self.lockstep else None
        return RunResult(
            verdict=verdict,
            program_code=self.endings[0][1] if self._exited else None,
            cycles=self.cycles,
            instructions=self.records,
            seconds=seconds,
            console=bytes(self.console),
            checked=self.lockstep.checked if self.lockstep else 0,
            state_compared=self.state_compared,
            difference=self.difference,
            markers=simctl.markers if simctl else [],
            events=simctl.events if simctl else [],
            received=self.received,
            swept=self.swept,
            cleared=self.cleared,
            recent=without_repetition(list(RECORD.iter_unpack(self.recent)))[-HISTORY:],
        )


def without_repetition(records: list[Record]) -> list[Record]:
    """An endless series of traps at the end counts once."""
    while len(records) > 1 and unpack(records[-1])["trap"] and unpack(records[-1])["pc"] == unpack(records[-2])["pc"]:
        records.pop()
    return records


def run_model(
    config: SocConfig,
    program: Program,
    *,
    max_cycles: int = MAX_CYCLES,
    scripted: bool = False,
    watch: Watch = Watch(),
) -> RunResult:
    """Run on the golden machine alone, one clock per instruction."""
    machine = golden_machine(config, program, scripted=scripted)
    watch.machine(machine)
    platform = machine.platform
    stopped = False
    shown = 0
    recent: deque[Record] = deque(maxlen=HISTORY)
    typed = bytearray()
    started = time.monotonic()
    while not (stopped or machine.over) and machine.time.now < max_cycles:
        typed += watch.typed()
        if typed and len(platform.uart.waiting) < RECEIVE_FIFO:
            machine.receive(typed.pop(0))
        left = max_cycles - machine.time.now
        if watch.log or left <= HISTORY:
            recent.append(machine.step())
            if watch.log:
                watch.log.add(recent[-1])
        else:
            machine.run(min(MODEL_TYPING if typed else MODEL_SLICE, left - HISTORY))
        if len(platform.console) > shown:
            watch.console(bytes(platform.console[shown:]))
            shown = len(platform.console)
        watch.progress(machine.time.now, machine.executed)
        stopped = watch.stop()
    if platform.exit_code is not None:
        verdict = Verdict.EXIT
    else:
        endings = {Verdict.LOCKUP: machine.lockup, Verdict.ASLEEP: machine.asleep, Verdict.STOPPED: stopped}
        verdict = next((one for one, holds in endings.items() if holds), Verdict.TIMEOUT)
    if machine.lockup:
        recent.append(machine.step())
    return RunResult(
        verdict=verdict,
        program_code=platform.exit_code,
        cycles=machine.time.now,
        instructions=machine.executed,
        seconds=time.monotonic() - started,
        console=bytes(platform.console),
        markers=platform.simctl.markers if platform.simctl else [],
        events=platform.simctl.events if platform.simctl else [],
        recent=list(recent),
    )
