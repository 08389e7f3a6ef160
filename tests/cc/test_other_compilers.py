"""The firmware sources keep to C that other compilers accept: a host compiler parses them with stub capabilities."""

import shutil
import subprocess
from pathlib import Path

import pytest

from cosim.toolchain.cc.driver import FIRMWARE, INCLUDE, PROVIDES, RTOS_INCLUDE, RUNTIME
from cosim.toolchain.system import header
from cosim.toolchain.system.hardware import macros
from rtl.config import SAFE
from rtos_model.services.scenario import catalogue

COMPILER = shutil.which("clang") or shutil.which("gcc")
STUBS = Path(__file__).parent / "stub_cheri.h"
SOURCES = [*(RUNTIME / name for name in PROVIDES), *sorted((FIRMWARE / "cbench").glob("*.c"))]

RTOS = sorted((FIRMWARE / "rtos").rglob("*.c"))


@pytest.mark.skipif(COMPILER is None, reason="no host C compiler")
@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_source_is_accepted(source):
    flags = ["-fsyntax-only", "-std=gnu11", "-ffreestanding", "-fno-builtin", "-nostdinc", "-w", "-funsigned-char"]
    command = [COMPILER, *flags, "-include", str(STUBS), "-I", str(INCLUDE), str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(COMPILER is None, reason="no host C compiler")
@pytest.mark.parametrize("source", RTOS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_source_of_the_rtos_is_accepted(source):
    known = macros(catalogue()["SC-1"].image, SAFE) | {name: str(value) for name, value in header.constants().items()}
    known |= {"__CHERIOT_COMPARTMENT__": '"unit"'}
    flags = ["-fsyntax-only", "-std=gnu11", "-ffreestanding", "-fno-builtin", "-nostdinc", "-w", "-funsigned-char"]
    flags += [f"-D{name}={value}" for name, value in known.items()]
    folders = [f"-I{folder}" for folder in (source.parent, RTOS_INCLUDE, INCLUDE)]
    command = [COMPILER, *flags, "-include", str(STUBS), *folders, str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
