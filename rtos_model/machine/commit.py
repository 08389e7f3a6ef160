"""Commit records: one tuple of 64-bit words per instruction, and their reading by field.

The fields and their places are in `rtl.isa.commit`. The machine builds most records word by word, for speed; `pack`
and `unpack` are for rare records, tests and reports.
"""

from operator import or_

from rtl.isa.commit import CLOCK_BITS, FIELDS, PLACES, WORDS

Record = tuple[int, ...]
CLOCK_MASK = (1 << CLOCK_BITS) - 1


def at(field: str) -> int:
    """The lowest bit of a field in its word."""
    return PLACES[field][1]


def mask(field: str) -> int:
    """A field's bits in its word."""
    return (1 << FIELDS[field]) - 1 << at(field)


def pack(**values: int) -> Record:
    """The record with these fields; all others are zero."""
    words = [0] * len(WORDS)
    for name, value in values.items():
        index, lowest, width = PLACES[name]
        if value >> width:
            raise ValueError(f"{name} = {value:#x} has more than {width} bits")
        words[index] |= value << lowest
    return tuple(words)


def joined(record: Record, more: Record) -> Record:
    """One record with the fields of two, which have no field in common."""
    return tuple(map(or_, record, more))


def unpack(record: Record) -> dict[str, int]:
    """Every field by name, in the order of the record."""
    return {name: record[index] >> lowest & (1 << width) - 1 for name, (index, lowest, width) in PLACES.items()}
