"""Compile C programs and run them on the RTL, every instruction checked by the golden machine."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path

from cosim.compare.report import report
from cosim.compare.symbols import Symbols
from cosim.image import Program, linked_program
from cosim.run import Verdict, run_rtl
from cosim.simulator import Simulator
from cosim.soc_design import build_soc
from cosim.toolchain.cc.driver import build
from cosim.toolchain.cc.execute import LIMIT, Outcome
from rtl.config import SAFE

CYCLES_PER_INSTRUCTION = 8
"""More clocks than the core takes for an instruction, on average over a program."""


class Disagreement(Exception):
    """Core and golden machine differ on a program; the message is the report."""


class OnRtl(AbstractContextManager):
    """Runs programs one after the other on one simulator. An `Execute`, see cosim.toolchain.cc.execute."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._build = build_soc(SAFE)
        self._simulator: Simulator | None = None

    def __exit__(self, *exception: object) -> None:
        if self._simulator:
            self._simulator.close()
            self._simulator = None

    def __call__(
        self, *sources: Path, include: Iterable[Path] = (), defines: dict[str, str] | None = None, limit: int = LIMIT
    ) -> Outcome:
        """Compile and run. Raises Disagreement at the first difference."""
        program = linked_program(sources[0].name, build(sources, SAFE, include=include, defines=defines).image)
        compile_it = f"cheriot cc {' '.join(map(str, sources))} -o program.elf && cheriot run program.elf"
        return self.run(program, limit=limit, repeat=compile_it)

    def run(self, program: Program, *, limit: int = LIMIT, repeat: str = "") -> Outcome:
        """Run a linked program for at most about `limit` instructions. Raises Disagreement at the first difference."""
        self._simulator = self._simulator or Simulator(self._build, self._folder)
        result = run_rtl(self._simulator, SAFE, program, max_cycles=CYCLES_PER_INSTRUCTION * limit)
        if result.verdict is Verdict.MISMATCH:
            self.__exit__()  # the run was left in its middle
            raise Disagreement(report(result.difference, Symbols(program.symbols), repeat))
        return Outcome(result.console.decode("latin-1"), result.program_code, result.instructions)
