"""Random programs in lockstep, one after the other; what fails is made small and saved."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from cosim.compare.report import report
from cosim.compare.symbols import Symbols
from cosim.image import Program, load_program
from cosim.run import RunResult, Verdict, run_rtl
from cosim.simulator import Simulator, SimulatorError
from cosim.stimulus.generator import ITEMS, generate
from cosim.stimulus.program import MAX_STEPS, RandomProgram
from cosim.stimulus.shrink import shrink
from cosim.toolchain.elf import write_elf
from cosim.toolchain.program import build_program
from rtl.config import SocConfig

CYCLES_PER_STEP = 40
"""More clocks than the core takes for any instruction, on average over a program."""
START_UP = 20_000
"""Clocks for everything that is not proportional to the program."""


@dataclass(frozen=True)
class Outcome:
    """One program in lockstep. `failure` names what went wrong, so that two outcomes can be told alike; "" if nothing.

    `result` is None if the simulator itself stopped.
    """

    failure: str
    result: RunResult | None


@dataclass(frozen=True)
class Failure:
    """A program that failed, made small: where it is, how to see it fail again, and the report."""

    seed: int
    failure: str
    items: int
    source: Path
    repeat: str
    text: str


class Checker(AbstractContextManager):
    """Runs programs on one simulator process, which is started again when a run has spoilt it."""

    def __init__(self, start: Callable[[], Simulator], config: SocConfig):
        self.start = start
        self.config = config
        self._simulator: Simulator | None = None

    def __exit__(self, *exception: object) -> None:
        if self._simulator:
            self._simulator.close()
            self._simulator = None

    def run(self, program: RandomProgram) -> Outcome:
        """Raises ValueError for a program that does not end on the golden machine (shrinking makes such)."""
        steps = steps_of(program)
        self._simulator = self._simulator or self.start()
        image = Program(f"random program {program.seed}", program.entry, ((program.entry, program.image()),))
        try:
            result = run_rtl(self._simulator, self.config, image, max_cycles=START_UP + CYCLES_PER_STEP * steps)
        except SimulatorError as error:
            self.__exit__()
            return Outcome(f"simulator: {error}", None)
        found = Outcome(failure_of(result), result)
        if found.failure:
            self.__exit__()  # what is left of the run must not leak into the next one
        return found


def steps_of(program: RandomProgram) -> int:
    """Instructions that the golden machine takes to the program's end."""
    machine = program.machine()
    machine.run(MAX_STEPS)
    if machine.platform.exit_code != 0:
        raise ValueError(f"random program {program.seed} does not end within {MAX_STEPS} instructions")
    return machine.executed


def failure_of(result: RunResult) -> str:
    """The kind of a failure: how it ended, and which fields differed."""
    if result.verdict is Verdict.EXIT:
        return "" if result.program_code == 0 else f"exit code {result.program_code}"
    if result.difference is None:
        return result.verdict.value
    fields = [name for name, _, _ in result.difference.fields()]
    return f"mismatch of {', '.join(fields)}" if fields else f"mismatch: {result.difference.note.split(' at ')[0][:40]}"


def campaign(
    checker: Checker, seeds: Iterable[int], folder: Path, items: int = ITEMS
) -> Iterator[tuple[int, Outcome, Failure | None]]:
    """Check the program of each seed; of each that fails also the small one that was saved in `folder`."""
    for seed in seeds:
        program = generate(seed, checker.config, items)
        outcome = checker.run(program)
        yield seed, outcome, pursue(checker, program, outcome, folder) if outcome.failure else None


def pursue(checker: Checker, program: RandomProgram, outcome: Outcome, folder: Path) -> Failure:
    """Make a failing program small, save it, and write down how it fails."""

    def fails(candidate: RandomProgram) -> bool:
        try:
            return checker.run(candidate).failure == outcome.failure
        except ValueError:
            return False

    small = shrink(program, fails)
    source = save(small, folder)
    image = source.with_suffix(".elf")
    config = checker.config
    repeat = f"cheriot run {image} --profile {config.name}"
    if config.wait_states:
        repeat = f"cheriot random --programs 1 --seed {program.seed} --wait-states {config.wait_states}"
    final = checker.run(small).result
    symbols = Symbols(load_program(image, checker.config).symbols)
    text = report(final.difference, symbols, repeat) if final and final.difference else outcome.failure
    return Failure(program.seed, outcome.failure, len(small.items), source, repeat, text)


def save(program: RandomProgram, folder: Path) -> Path:
    """Write a program as assembly source, and as the ELF file that it makes beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / f"random-{program.frame.config.name}-{program.seed}.S"
    source.write_text(program.listing())
    source.with_suffix(".elf").write_bytes(write_elf(build_program([source], program.frame.config)))
    return source
