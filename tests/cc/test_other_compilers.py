"""The firmware sources keep to C that other compilers accept: a host compiler parses them with stub capabilities."""

import shutil
import subprocess
from pathlib import Path

import pytest

from cosim.toolchain.cc.driver import FIRMWARE, INCLUDE, PROVIDES, RUNTIME

COMPILER = shutil.which("clang") or shutil.which("gcc")
STUBS = Path(__file__).parent / "stub_cheri.h"
SOURCES = [*(RUNTIME / name for name in PROVIDES), *sorted((FIRMWARE / "cbench").glob("*.c"))]


@pytest.mark.skipif(COMPILER is None, reason="no host C compiler")
@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_source_is_accepted(source):
    flags = ["-fsyntax-only", "-std=gnu11", "-ffreestanding", "-fno-builtin", "-nostdinc", "-w", "-funsigned-char"]
    command = [COMPILER, *flags, "-include", str(STUBS), "-I", str(INCLUDE), str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
