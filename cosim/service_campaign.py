"""Random systems on both sides until one disagrees; the smallest that still does is kept as a file."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from cosim.check import PASS, Check, Checked
from cosim.errors import UserError
from cosim.stimulus.services import Data, scenario_of, systems
from rtos_model.services.errors import ServiceModelError
from rtos_model.services.steps import Step, from_data

FOLDER = Path("sim_build") / "campaign"
NAME = "random"


@dataclass(frozen=True, slots=True)
class Finding:
    """A system on which the sides disagree, and what was said of it."""

    data: Data
    checked: Checked


class _Disagrees(Exception):
    pass


def campaign(
    check: Check, examples: int, start: int, progress: Callable[[int, Checked], None], *, shrink: bool = True
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
        found = attempt(check, data)
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


def attempt(check: Check, data: Data) -> Checked:
    return check.check(scenario_of(data, NAME), "cheriot campaign --replay FILE")


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
