"""Random systems on both sides until one disagrees; the smallest that still does is kept as a file."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, Phase, given, seed, settings

from cosim.bench.job import Input
from cosim.check import PASS, Check, Checked
from cosim.errors import UserError
from cosim.stimulus.services import Data, scenario_of, systems
from rtos_model.services.errors import ServiceModelError
from rtos_model.services.steps import Step, from_data

FOLDER = Path("sim_build") / "campaign"
NAME = "random"
EXTERNAL = 4
"""The line of external interrupts among the simulator's input `interrupts`."""
HELD, GAP, LAST = 60, 700, 500_000
"""Clocks that the line is high, at most between two times, and after which it stays low."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A system on which the sides disagree, and what was said of it."""

    data: Data
    checked: Checked


class _Disagrees(Exception):
    pass


def campaign(
    check: Check,
    examples: int,
    start: int,
    progress: Callable[[int, Checked], None],
    *,
    shrink: bool = True,
    interrupts: bool = False,
) -> Finding | None:
    """Draw so many systems; None if both sides agree on all, else the smallest found. Repeatable for a seed."""
    done = 0
    worst: list[Finding] = []
    phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)

    @seed(start)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=phases,
    )
    @given(systems())
    def agree(data: Data) -> None:
        nonlocal done
        found = attempt(check, data, interrupts=interrupts)
        done += 1
        progress(done, found)
        if found.verdict != PASS:
            worst.append(Finding(data, found))
            raise _Disagrees

    try:
        agree()
    except _Disagrees:
        return worst[-1]
    return None


def attempt(check: Check, data: Data, *, interrupts: bool = False) -> Checked:
    """`interrupts`: with external interrupts at random instants for which no source asks. One that wakes nobody
    resumes the same thread (TH-11), so whatever it interrupts, the services' log is the same."""
    inputs = spurious(Random(json.dumps(data, sort_keys=True))) if interrupts else ()
    return check.check(scenario_of(data, NAME), "cheriot campaign --replay FILE", inputs=inputs)


def spurious(rng: Random) -> tuple[Input, ...]:
    """The external line goes high again and again, for a short time."""
    found, clock = [], 0
    while clock < LAST:
        clock += rng.randint(HELD + 1, GAP)
        found += [Input(clock, "interrupts", EXTERNAL), Input(clock + HELD, "interrupts", 0)]
        clock += HELD
    return tuple(found)


def steps(thread: Mapping) -> tuple[Step, ...]:
    """A thread's body as records."""
    return from_data(thread["body"])  # type: ignore[return-value]


def save(finding: Finding, start: int) -> Path:
    """Keep a finding for `--replay`."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"seed-{start}.json"
    path.write_text(json.dumps(finding.data, indent=1) + "\n")
    return path


def load(path: Path) -> Data:
    """A finding from a file. Raises UserError for one that is none."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        scenario_of(data, NAME)
    except OSError as error:
        raise UserError(f"{path}: cannot read it: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError, ServiceModelError) as error:
        raise UserError(f"{path}: no system that `cheriot campaign` saved: {error}") from None
    return data
