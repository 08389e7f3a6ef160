"""A line on the terminal that says how far a run has come."""

import sys
import time

INTERVAL = 0.2
"""Seconds between two updates."""


class Progress:
    """Cycles, cycles per second and instructions on standard error, if that is a terminal; else nothing."""

    def __init__(self) -> None:
        self._active = sys.stderr.isatty()
        self._started = self._shown = time.monotonic()
        self._drawn = False

    def update(self, cycles: int, instructions: int) -> None:
        now = time.monotonic()
        if self._active and now - self._shown >= INTERVAL:
            self._shown = now
            rate = cycles / (now - self._started)
            text = f"{cycles:,} cycles   {rate:,.0f} cycles/s   {instructions:,} instructions"
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
            self._drawn = True

    def clear(self) -> None:
        """Take the line away, before anything else is printed."""
        if self._drawn:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
            self._drawn = False


def say(text: str) -> None:
    """A line about what is being done, on standard error."""
    print(f"cheriot: {text}", file=sys.stderr, flush=True)
