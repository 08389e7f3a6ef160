"""Compiled things by the hash of all they were made from, kept under sim_build/objects.

A key covers the source, every header it may include, macros that occur in them, and the toolchain itself; so
nothing is ever stale.
"""

import hashlib
import os
import pickle
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "sim_build" / "objects"
TOOLS = (ROOT / "cosim" / "toolchain", ROOT / "rtl" / "isa", ROOT / "rtos_model" / "machine")
T = TypeVar("T")


@cache
def toolchain_key() -> str:
    """Of the sources that decide what compiler, assembler and linker produce."""
    return digest(*(path.read_bytes() for folder in TOOLS for path in sorted(folder.rglob("*.py"))))


def digest(*parts: bytes | str) -> str:
    found = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        found.update(len(data).to_bytes(8, "little") + data)
    return found.hexdigest()


def cached(key: str, make: Callable[[], T]) -> T:
    """What was stored under the key, else what `make` gives, stored."""
    try:
        return stored(key)
    except (OSError, pickle.PickleError, EOFError):
        made = make()
        store(key, made)
        return made


def stored(key: str) -> object:
    """Raises OSError if there is nothing, PickleError or EOFError if it is damaged."""
    return pickle.loads(_path(key).read_bytes())


def store(key: str, thing: object) -> None:
    path = _path(key)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.write_bytes(pickle.dumps(thing, pickle.HIGHEST_PROTOCOL))
    fresh.replace(path)


def _path(key: str) -> Path:
    return FOLDER / key[:2] / key[2:]
