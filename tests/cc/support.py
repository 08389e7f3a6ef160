"""Compile C text and run it on the golden machine."""

from dataclasses import dataclass
from pathlib import Path

from cosim.toolchain.cc.driver import build
from rtl.config import SAFE
from rtos_model.machine.machine import Machine

LIMIT = 20_000_000


@dataclass(frozen=True)
class Outcome:
    """What a program printed, its exit code (None: it did not end) and how many instructions it took."""

    output: str
    code: int | None
    instructions: int


def run(*sources: Path, include: tuple[Path, ...] = (), limit: int = LIMIT) -> Outcome:
    program = build(sources, SAFE, include=include)
    image = [(segment.address, segment.data) for segment in program.image.segments()]
    machine = Machine(SAFE, image, entry=program.image.entry)
    count = machine.run(limit)
    return Outcome(machine.platform.console.decode("latin-1"), machine.platform.exit_code, count)
