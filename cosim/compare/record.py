"""Commit records as they travel: bytes, tuples of 64-bit words, and fields by name."""

import struct
from collections.abc import Sequence

from rtl.isa.commit import CLOCK_BITS, PLACES, WORDS

RECORD = struct.Struct(f"<{len(WORDS)}Q")
CLOCK_MASK = (1 << CLOCK_BITS) - 1

Words = Sequence[int]
"""A record as `RECORD.unpack` returns it; field places are in `rtl.isa.commit`."""


def unpack(words: Words) -> dict[str, int]:
    """Every field of a record by name."""
    return {name: words[word] >> low & (1 << width) - 1 for name, (word, low, width) in PLACES.items()}


def pack(**fields: int) -> tuple[int, ...]:
    """A record with the named fields; the others are zero. Raises ValueError for a value that does not fit."""
    words = [0] * len(WORDS)
    for name, value in fields.items():
        word, low, width = PLACES[name]
        if value >> width:
            raise ValueError(f"{name}={value:#x} does not fit {width} bits")
        words[word] |= value << low
    return tuple(words)
