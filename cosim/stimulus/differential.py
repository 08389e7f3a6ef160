"""The same random C program by this machine's compiler and by ours: the outputs must agree."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cosim.errors import UserError
from cosim.stimulus.cprogram import PRELUDE, generate
from cosim.stimulus.shrinklines import shrink
from cosim.toolchain.cc.execute import Execute, on_model

HOST_SECONDS = 10
HOST_FLAGS = ("-O1", "-fwrapv", "-fno-strict-aliasing", "-funsigned-char")
STRICT = ("-Werror=return-type", "-Werror=uninitialized", "-Werror=implicit-function-declaration")
"""While shrinking, what would make a program mean nothing is an error."""


@dataclass(frozen=True, slots=True)
class Difference:
    """`expected` is what the host's compiler makes of the program; `found` our output, or how ours failed."""

    source: str
    expected: str
    found: str


def host_compiler() -> str | None:
    return shutil.which("gcc") or shutil.which("cc")


def host_output(source: str, folder: Path) -> str | None:
    """What the program prints here; None if it does not compile or does not end."""
    compiler = host_compiler()
    if compiler is None:
        raise UserError("no host C compiler (gcc or cc) to compare with; install one")
    path, binary = folder / "host.c", folder / "host"
    path.write_text(source)
    command = [compiler, *HOST_FLAGS, *STRICT, "-o", str(binary), str(path)]
    if subprocess.run(command, capture_output=True).returncode:
        return None
    try:
        done = subprocess.run([str(binary)], capture_output=True, timeout=HOST_SECONDS)
    except subprocess.TimeoutExpired:
        return None
    return done.stdout.decode("latin-1") if done.returncode == 0 else None


def target_output(source: str, folder: Path, execute: Execute) -> str:
    """What it prints on our machine, with a note if it does not end with exit code 0."""
    path = folder / "target.c"
    path.write_text(source)
    return execute(path).text


def compare(source: str, execute: Execute = on_model) -> Difference | None:
    """None if both agree. Programs that the host refuses or cannot finish count as agreeing."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        expected = host_output(source, folder)
        if expected is None:
            return None
        try:
            found = target_output(source, folder, execute)
        except UserError as error:
            found = f"[not compiled: {error}]"
        except (AssertionError, LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            found = f"[compiler failed: {type(error).__name__}: {error}]"
    return None if found == expected else Difference(source, expected, found)


def check(seed: int, size: int, execute: Execute = on_model) -> Difference | None:
    return compare(generate(seed, size), execute)


def smallest(difference: Difference) -> str:
    """The program cut down to lines that still differ, in the same way: refused, failed or wrong."""
    kind = difference.found.rpartition("[")[2].partition(":")[0] if difference.found.endswith("]") else ""

    def fails(text: str) -> bool:
        found = compare(text)
        return found is not None and (not kind or f"[{kind}" in found.found)

    return shrink(difference.source, fails, keep=PRELUDE.count("\n"))
