"""Compiled things by the hash of all they were made from, kept under sim_build/objects.

A key covers the source, every header on its search path, macros, and the toolchain itself; so nothing is ever stale.
"""

import hashlib
import pickle
from collections.abc import Callable, Iterable
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


@cache
def headers_key(folder: Path) -> str:
    """Of every header in a folder; it must not change while the process runs."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".h", ".inc"))
    return digest(*(part for path in files for part in (str(path.relative_to(folder)).encode(), path.read_bytes())))


def digest(*parts: bytes) -> str:
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "little") + part)
    return found.hexdigest()


def key_of(folders: Iterable[Path], *parts: bytes) -> str:
    """The key of something made from these bytes and the headers of these folders."""
    return digest(toolchain_key().encode(), *(headers_key(folder).encode() for folder in folders), *parts)


def cached(key: str, make: Callable[[], T]) -> T:
    """What was stored under the key, else what `make` gives, stored."""
    path = FOLDER / key[:2] / key[2:]
    try:
        return pickle.loads(path.read_bytes())
    except (OSError, pickle.PickleError, EOFError):
        pass
    made = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{id(made):x}")
    fresh.write_bytes(pickle.dumps(made, pickle.HIGHEST_PROTOCOL))
    fresh.replace(path)
    return made
