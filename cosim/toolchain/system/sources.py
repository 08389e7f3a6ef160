"""Source files, the headers they include, and which macros of the system they can depend on."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cosim.errors import UserError
from cosim.toolchain.assembler import read_source
from cosim.toolchain.cc.driver import FIRMWARE

_INCLUDE = re.compile(r'^[ \t]*[#.][ \t]*include[ \t]*[<"]([^>"\n]+)[>"]', re.M)
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Source:
    """A source file, or generated text with a name for messages."""

    path: Path
    text: str | None = None

    def read(self) -> str:
        return read_source(self.path) if self.text is None else self.text


@cache
def _file(path: Path) -> tuple[str, tuple[str, ...], frozenset[str]]:
    """A header's text, what it includes, and its words; it must not change while the process runs."""
    return _scanned(path.read_text(encoding="utf-8", errors="replace"))


def _scanned(text: str) -> tuple[str, tuple[str, ...], frozenset[str]]:
    return text, tuple(_INCLUDE.findall(text)), frozenset(_WORD.findall(text))


def closure(text: str, folders: tuple[Path, ...]) -> tuple[list[str], set[str]]:
    """The texts of all headers a source may include, whatever its conditions say, and every word in them and in it."""
    _, names, own = _scanned(text)
    words, texts = set(own), []
    work = [(name, folders) for name in names]
    seen: set[Path] = set()
    while work:
        name, where = work.pop()
        path = next((folder / name for folder in where if (folder / name).is_file()), None)
        if path is None or path in seen:
            continue
        seen.add(path)
        contents, inner, more = _file(path)
        texts.append(contents)
        words |= more
        work += [(one, (path.parent, *folders)) for one in inner]
    return sorted(texts), words


def firmware_sources(owner: str) -> list[Source]:
    """The RTOS's own sources of a compartment or library. Raises UserError if there are none."""
    folder = FIRMWARE / "rtos" / owner
    found = sorted(path for path in folder.glob("*") if path.suffix in (".c", ".S"))
    if not found:
        raise UserError(f"{folder}: no C or assembly source for {owner!r}; add one, or leave {owner!r} out")
    return [Source(path) for path in found]
