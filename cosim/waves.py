"""Which cycles of a run to dump as waves, and into which file: the option --waves."""

import re
from dataclasses import dataclass
from pathlib import Path

from cosim.bench.job import NEVER
from cosim.errors import UserError

FORMATS = (".vcd", ".fst")
LAST_CYCLES = 4_000
"""Cycles that are shown of a run that failed, up to the end."""
HELP = (
    "off (default); fail: the last cycles of a run that fails; all; window:A-B: from cycle A to cycle B, either may"
    " be left out; or FILE: all, into that file (.vcd or .fst)"
)


@dataclass(frozen=True)
class Waves:
    """Cycles `start` to `stop` go into `file`. `on_failure`: only if the run fails, then its last cycles."""

    file: Path
    start: int = 0
    stop: int = NEVER
    on_failure: bool = False

    @property
    def fst(self) -> bool:
        return self.file.suffix == ".fst"


def choose(text: str, file: Path | None, default: Path) -> Waves | None:
    """The option's value, with the file if one was named, or else the default. Raises UserError."""
    if text == "off":
        return None
    window = re.fullmatch(r"window:(\w*)-(\w*)", text)
    if window:
        start, stop = (_cycle(part, text) for part in window.groups())
        found = Waves(file or default, start or 0, NEVER if stop is None else stop)
        if found.start >= found.stop:
            raise UserError(f"--waves {text}: the window ends before it begins; give window:A-B with A < B")
    elif text in ("fail", "all"):
        found = Waves(file or default, on_failure=text == "fail")
    elif Path(text).suffix and file is None:
        found = Waves(Path(text))
    else:
        raise UserError(f'--waves {text}: must be off, fail, all, window:A-B or a file named *.vcd or *.fst')
    if found.file.suffix not in FORMATS:
        raise UserError(f"{found.file}: waves go into a file named *.vcd or *.fst")
    return found


def _cycle(text: str, option: str) -> int | None:
    try:
        return int(text, 0) if text else None
    except ValueError:
        raise UserError(f'--waves {option}: "{text}" is not a cycle number') from None
