"""Public C test suites that a user has fetched: c-testsuite and EEMBC CoreMark, compiled and run as they are."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cosim.errors import UserError
from cosim.toolchain.cc.execute import Execute
from cosim.toolchain.program import FIRMWARE

PORT = FIRMWARE / "coremark"
COREMARK = "core_list_join.c core_main.c core_matrix.c core_state.c core_util.c".split()
EXPECTED = ".expected"
VALID = "Correct operation validated"
LONG = 2_000_000_000
"""Instructions that a program may take; the longest of c-testsuite takes a good part of them."""


@dataclass(frozen=True, slots=True)
class Result:
    """Of one program: `passed`, `outside` the subset and told so (`why` is the diagnosis), or `failed`."""

    name: str
    verdict: str
    why: str = ""
    instructions: int = 0


def is_coremark(folder: Path) -> bool:
    return (folder / COREMARK[1]).is_file()


def programs(folder: Path) -> list[Path]:
    """The C files that have an expected output beside them. Raises UserError if there are none."""
    found = sorted(path for path in folder.rglob("*.c") if Path(f"{path}{EXPECTED}").is_file())
    if not found:
        raise UserError(f"{folder}: neither CoreMark (core_main.c) nor programs with NAME.c{EXPECTED} beside NAME.c")
    return found


def run_suite(folder: Path, execute: Execute) -> Iterator[Result]:
    for path in programs(folder):
        yield run_program(path, execute)


def run_program(path: Path, execute: Execute) -> Result:
    expected = Path(f"{path}{EXPECTED}").read_text(errors="replace")
    try:
        outcome = execute(path, include=(path.parent,), limit=LONG)
    except UserError as error:
        return Result(path.stem, "outside", str(error))
    if outcome.code == 0 and outcome.output == expected:
        return Result(path.stem, "passed", "", outcome.instructions)
    why = outcome.ending if outcome.code else "the output differs"
    return Result(path.stem, "failed", why, outcome.instructions)


def run_coremark(folder: Path, execute: Execute, iterations: int) -> tuple[str, int, int]:
    """The benchmark's own report, its ticks and the instructions of the whole run; UserError if it is not valid."""
    missing = [name for name in COREMARK if not (folder / name).is_file()]
    if missing:
        raise UserError(f"{folder}: CoreMark's {', '.join(missing)} is missing; fetch all of it")
    sources = [*(folder / name for name in COREMARK), PORT / "core_portme.c"]
    defines = {"ITERATIONS": str(iterations), "PERFORMANCE_RUN": "1"}
    outcome = execute(*sources, include=(PORT, folder), defines=defines, limit=LONG)
    ticks = re.search(r"Total ticks\s*: (\d+)", outcome.output)
    if outcome.code != 0 or VALID not in outcome.output or ticks is None:
        raise UserError(f"CoreMark did not validate:\n{outcome.text}", code=1)
    return outcome.output, int(ticks[1]), outcome.instructions
