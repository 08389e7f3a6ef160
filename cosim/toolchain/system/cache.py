"""Compiled things by the hash of all they were made from, kept under sim_build/objects.

A key covers the source, every header it may include, macros that occur in them, and the toolchain itself; so
nothing is ever stale.
"""

import contextlib
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
MOST_BYTES = 400 << 20
DAMAGED = (OSError, pickle.PickleError, EOFError, ValueError, AttributeError, IndexError, KeyError, ImportError)
"""What reading a stored thing may raise."""
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


def cached(key: str, make: Callable[[], T], complete: Callable[[T], bool] = lambda _: True) -> T:
    """What was stored under the key if it is `complete`, else what `make` gives, stored."""
    try:
        found = stored(key)
    except DAMAGED:
        found = None
    if found is not None and complete(found):  # type: ignore[arg-type]
        return found  # type: ignore[return-value]
    made = make()
    store(key, made)
    return made


def stored(key: str) -> object:
    """Raises one of DAMAGED if there is nothing, or nothing that can be read."""
    return pickle.loads(_path(key).read_bytes())


def is_stored(key: str) -> bool:
    return _path(key).is_file()


def store(key: str, thing: object) -> None:
    _prune()
    path = _path(key)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.write_bytes(pickle.dumps(thing, pickle.HIGHEST_PROTOCOL))
    fresh.replace(path)


@cache
def _prune() -> None:
    """Once in a process: when the store has grown too big, drop what was made first."""
    found = []
    for path in FOLDER.rglob("*"):
        with contextlib.suppress(FileNotFoundError):  # others may be pruning as well
            status = path.stat()
            if path.is_file():
                found.append((status.st_mtime_ns, status.st_size, path))
    found.sort()
    left = sum(size for _, size, _ in found)
    if left > MOST_BYTES:
        for _, size, path in found:
            path.unlink(missing_ok=True)
            left -= size
            if left <= MOST_BYTES // 2:
                break


def _path(key: str) -> Path:
    return FOLDER / key[:2] / key[2:]
