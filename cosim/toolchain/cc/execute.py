"""Compile a C program and run it on the golden machine."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from cosim.toolchain.cc.driver import build
from rtl.config import SAFE
from rtos_model.machine.machine import Machine

LIMIT = 30_000_000
"""Instructions after which a program is given up."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a program printed, its exit code (None: it did not end) and how many instructions it took."""

    output: str
    code: int | None
    instructions: int

    @property
    def text(self) -> str:
        """The output, with a note if the program did not end with exit code 0."""
        return self.output if self.code == 0 else f"{self.output}[{self.ending}]"

    @property
    def ending(self) -> str:
        return "no end" if self.code is None else f"exit {self.code}"


Execute = Callable[..., Outcome]
"""`execute(*sources, include=(), defines=None, limit=LIMIT)`; raises UserError if the compiler refuses a source."""


def on_model(
    *sources: Path, include: Iterable[Path] = (), defines: dict[str, str] | None = None, limit: int = LIMIT
) -> Outcome:
    """Run on the golden machine for at most `limit` instructions."""
    image = build(sources, SAFE, include=include, defines=defines).image
    machine = Machine(SAFE, [(s.address, s.data) for s in image.segments()], entry=image.entry)
    count = machine.run(limit)
    return Outcome(machine.platform.console.decode("latin-1"), machine.platform.exit_code, count)
