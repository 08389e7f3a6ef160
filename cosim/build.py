"""Simulators, built once per content and kept under sim_build/."""

import fcntl
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cosim.verilate import BINARY, check_tools, compile_simulator, digest, recipe, wave_names
from cosim.wrapper import Design

SIM_BUILD = Path("sim_build")
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Build:
    """A finished simulator: its folder, and the design as its wrapper sees it."""

    folder: Path
    design: Design

    @property
    def binary(self) -> Path:
        return self.folder / BINARY


def build(
    name: str,
    key: str,
    design: Design,
    verilog: Callable[[], str],
    *,
    fst: bool = False,
    progress: Callable[[str], None] = lambda text: None,
) -> Build:
    """The simulator of a design, built if there is none yet. Two processes never build the same one at once.

    `key` stands for everything that decides what `verilog` returns, so that an unchanged design is not even
    elaborated; the simulator itself is named after the Verilog, so that a changed comment costs no compilation.
    Raises UserError if a tool is missing.
    """
    how = recipe(design, fst)
    known = SIM_BUILD / "keys" / digest(name, key, how, source_key("cosim/verilate.py"))
    with _lock(known):
        if known.exists() and (SIM_BUILD / known.read_text() / BINARY).exists():
            return Build(SIM_BUILD / known.read_text(), design)
        check_tools(fst)
        progress(f"generating Verilog of {name}")
        text = wave_names(verilog())
        folder = SIM_BUILD / f"{name}-{digest(text, how)}"
        with _lock(folder):
            if not (folder / BINARY).exists():
                progress(f"compiling the simulator of {name} (once; takes about half a minute)")
                with _appearing(folder) as scratch:
                    compile_simulator(design, text, scratch, SIM_BUILD, fst=fst, log=folder.with_suffix(".log"))
        known.write_text(folder.name)
    return Build(folder, design)


def source_key(*places: str) -> str:
    """A digest of files of this project, and of every Python file below folders of it."""
    paths = sorted(path for place in places for path in [*(ROOT / place).rglob("*.py"), ROOT / place] if path.is_file())
    return digest(*(f"{path.relative_to(ROOT)}\0{path.read_text()}" for path in paths))


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold the lock file of `path`; others wait."""
    locks = SIM_BUILD / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    path.parent.mkdir(exist_ok=True)
    with open(locks / path.name, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _appearing(folder: Path) -> Iterator[Path]:
    """A scratch folder that becomes `folder` if all went well."""
    scratch = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f"{folder.name}."))
    try:
        yield scratch
        scratch.chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)
        scratch.replace(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
