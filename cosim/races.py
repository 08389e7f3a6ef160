"""Random schedules of copies of freed pointers and sweeps, on the core in lockstep."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from cosim.compare.report import report
from cosim.compare.symbols import Symbols
from cosim.image import Program, linked_program
from cosim.run import RunResult, Verdict, run_rtl
from cosim.simulator import Simulator
from cosim.stimulus.temporal import races
from rtl.config import SocConfig

PER_PROGRAM = 10
"""Schedules of one program."""
MAX_CYCLES = 200_000
LEAKS = {1: "a use did not fault", 2: "a copy is alive", 3: "a fault for another reason than a missing tag"}
"""What the program's exit codes say."""


@dataclass(frozen=True)
class Race:
    """What the program of a seed came to; `failure` is "" if all copies died."""

    seed: int
    result: RunResult
    failure: str


def play(
    simulator: Simulator, config: SocConfig, seeds: Iterable[int], schedules: int, *, check: bool = True, fault: int = 0
) -> Iterator[Race]:
    """One program after the other, each of so many schedules. After a failure the simulator must not be used again."""
    for seed in seeds:
        program = linked_program(f"races, seed {seed}", races(seed, config, schedules))
        result = run_rtl(simulator, config, program, check=check, max_cycles=MAX_CYCLES, fault=fault)
        yield Race(seed, result, failure(program, result, f"cheriot races --schedules {schedules} --seed {seed}"))


def failure(program: Program, result: RunResult, repeat: str) -> str:
    """Why a run failed; "" if it did not."""
    if result.difference:
        return report(result.difference, Symbols(program.symbols), repeat)
    if result.verdict is not Verdict.EXIT:
        return f"{result.verdict.value}; repeat with: {repeat}"
    if result.program_code:
        why = LEAKS.get(result.program_code, f"exit code {result.program_code}")
        return f"{why}; repeat with: {repeat}"
    return ""


@dataclass
class Total:
    """Sums over races."""

    schedules: int = 0
    cycles: int = 0
    checked: int = 0
    swept: int = 0
    cleared: int = 0
    seconds: float = 0.0

    def add(self, result: RunResult, schedules: int) -> None:
        self.schedules += schedules
        self.cycles += result.cycles
        self.checked += result.checked
        self.swept += result.swept
        self.cleared += result.cleared

    def __str__(self) -> str:
        return (
            f"{self.schedules:,} schedules, {self.cycles:,} cycles, {self.checked:,} instructions checked;"
            f" the revoker visited {self.swept:,} granules and took {self.cleared:,} tags"
        )


def campaign(
    simulator: Simulator,
    config: SocConfig,
    schedules: int,
    seed: int,
    progress: Callable[[Total], None] = lambda total: None,
    **options,
) -> tuple[Total, str]:
    """Play so many schedules, of programs with seeds from `seed` on; the sums, and the first failure or ""."""
    total, left = Total(), schedules
    while left:
        count = min(left, PER_PROGRAM)
        (race,) = play(simulator, config, [seed], count, **options)
        if race.failure:
            return total, race.failure
        total.add(race.result, count)
        left, seed = left - count, seed + 1
        progress(total)
    return total, ""
