"""One program on the RTL, checked against the golden machine or not, or on the golden machine alone."""

import enum
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from cosim.bench.job import Ended, Events, Input, Job, Load, Records
from cosim.compare.lockstep import Lockstep
from cosim.compare.record import RECORD
from cosim.compare.report import Difference
from cosim.compare.state import differences, quiet, state_of
from cosim.faults import PORT
from cosim.image import Program
from cosim.simulator import Simulator
from cosim.soc_design import Kind
from cosim.soc_state import dumps, load, memories, state
from cosim.toolchain.bootrom import boot_rom
from cosim.trace.log import CommitLog
from rtl.config import SocConfig
from rtl.isa.capfmt import GRANULE
from rtl.revoker.sweep import GRANULE_BITS, RECORD_LAG
from rtos_model.machine.devices.simctl import Event, Marker
from rtos_model.machine.machine import Machine

MAX_CYCLES = 1_000_000_000
MAX_CODE = 127
"""The largest exit code of firmware; larger ones are reported as this."""
EVENT = struct.Struct("<3Q")
MODEL_SLICE = 20_000
"""Instructions of the golden machine between two looks at the outside."""


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
    registers and memory also (only if the program stayed in a loop after its exit).
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

    @property
    def code(self) -> int:
        """The exit code of a command that ran it."""
        if self.verdict is Verdict.EXIT:
            return min(self.program_code, MAX_CODE) if self.program_code != CODES[Verdict.LOCKUP] else self.program_code
        return CODES[self.verdict]


@dataclass(frozen=True)
class Watch:
    """Whom to tell what during a run: console output as it comes; cycles and records so far; of the golden machine
    before it starts. `stop` is asked now and then whether to go on.
    """

    console: Callable[[bytes], None] = lambda text: None
    progress: Callable[[int, int], None] = lambda cycles, records: None
    log: CommitLog | None = None
    machine: Callable[[Machine], None] = lambda machine: None
    stop: Callable[[], bool] = lambda: False


def memory_loads(config: SocConfig, program: Program) -> tuple[Load, ...]:
    """All of the memories, zeros where the program has nothing, and the boot ROM that jumps to its entry."""
    loads = []
    for name, region in memories(config).items():
        contents = bytearray(region.size)
        for address, data in program.segments:
            if address in region:
                contents[address - region.base : address - region.base + len(data)] = data
        loads.append(load(config, name, bytes(contents)))
    if config.rom is not None:
        loads.append(load(config, "rom", boot_rom(config, program.entry).ljust(config.rom.size, b"\0")))
    return tuple(loads)


def golden_machine(config: SocConfig, program: Program, *, scripted: bool = False) -> Machine:
    """The golden machine with the same contents, and perhaps the scripted clock."""
    image = list(program.segments)
    if config.rom is not None:
        image.append((config.rom.base, boot_rom(config, program.entry)))
    return Machine(config, image, scripted=scripted)


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
    fault: int = 0,
    watch: Watch = Watch(),
) -> RunResult:
    """Run on the RTL; with `check`, the golden machine follows and the first difference ends the run.

    `scripted`: time stands still while anybody computes (rtl.soc.scripted).
    """
    lockstep = Lockstep(golden_machine(config, program, scripted=scripted)) if check else None
    if lockstep:
        watch.machine(lockstep.machine)
    job = Job(
        max_cycles=max_cycles,
        loads=memory_loads(config, program),
        idle=dict.fromkeys(simulator.build.design.inputs, 0)
        | ({PORT: fault} if fault else {})
        | ({"scripted": 1} if scripted else {}),
        inputs=inputs,
        waves=waves,
        waves_from=waves_from,
        symbols=dict(program.symbols),
        records=check or watch.log is not None,
        dumps=dumps(config) if check else (),
    )
    follower = _Follower(config, lockstep, watch)
    started = None
    for message in simulator.run(job):
        started = started or time.monotonic()
        follower.take(message)
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
        elif self.lockstep:
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
            elif self.lockstep:
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
        sweeping = machine.platform.revoker and machine.platform.revoker.running
        if self._exited and not sweeping and quiet(self.last + ended.tail):
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
        )


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
    started = time.monotonic()
    while not (stopped or machine.over) and machine.time.now < max_cycles:
        if watch.log:
            watch.log.add(machine.step())
        else:
            machine.run(min(MODEL_SLICE, max_cycles - machine.time.now))
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
    return RunResult(
        verdict=verdict,
        program_code=platform.exit_code,
        cycles=machine.time.now,
        instructions=machine.executed,
        seconds=time.monotonic() - started,
        console=bytes(platform.console),
        markers=platform.simctl.markers if platform.simctl else [],
        events=platform.simctl.events if platform.simctl else [],
    )
