"""Console input of a simulated system, from a file or a terminal."""

import os
import select
import sys
from collections.abc import Callable
from pathlib import Path

from cosim.errors import UserError

TERMINAL = "-"
BLOCK = 1024


def typed_from(source: str | None) -> Callable[[], bytes]:
    """A function that returns the characters that have come since it was last called.

    `source` is a file, all of which comes at once; "-" for standard input, as it is typed; or None. Raises UserError
    for a file that cannot be read.
    """
    if source is None:
        return lambda: b""
    if source == TERMINAL:
        return _Terminal()
    try:
        contents = [Path(source).read_bytes()]
    except OSError as error:
        raise UserError(f"{source}: cannot read it: {error.strerror}") from None
    return lambda: contents.pop() if contents else b""


class _Terminal:
    """Standard input, without waiting for it."""

    def __init__(self) -> None:
        self._open = True

    def __call__(self) -> bytes:
        if not self._open or not select.select([sys.stdin], [], [], 0)[0]:
            return b""
        text = os.read(sys.stdin.fileno(), BLOCK)
        self._open = bool(text)
        return text
