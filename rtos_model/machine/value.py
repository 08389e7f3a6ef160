"""A register, or a granule of memory, as one number: the tag over the metadata word over the address word.

The golden machine keeps its state in this form. An integer in a register has neither tag nor metadata, so it *is*
its number; a capability loaded from or stored to memory needs no conversion at all.
"""

from functools import lru_cache
from typing import NamedTuple

from rtl.isa.capfmt import EXPONENT_MAX, META
from rtos_model.machine.capability import ADDRESSES, EXPANDED, UNITS, Cap, Perm

ADDRESS = ADDRESSES - 1
"""Mask of the address word; also of any 32-bit number."""
METADATA_AT = 32
TAG_AT = 64
TAG = 1 << TAG_AT
"""A value of at least this is tagged."""
WORDS = TAG - 1
"""Mask of both words without the tag."""
_AT = {name: METADATA_AT + sum(list(META.values())[:place]) for place, name in enumerate(META)}
METADATA = WORDS ^ ADDRESS
PERMS_AT = _AT["perms"]
PERMS_MASK = (1 << META["perms"]) - 1
OTYPE_AT = _AT["otype"]
SEALED = (1 << META["otype"]) - 1 << OTYPE_AT
"""Mask of the stored object type; a value with any of these bits is sealed."""


@lru_cache(maxsize=1 << 15)
def capability(value: int) -> Cap:
    return Cap.from_words(value >> TAG_AT, value >> METADATA_AT & ADDRESS, value & ADDRESS)


def number(cap: Cap) -> int:
    return cap.tag << TAG_AT | cap.metadata << METADATA_AT | cap.address


def permissions(value: int) -> Perm:
    return EXPANDED[value >> PERMS_AT & PERMS_MASK]


class Span(NamedTuple):
    """The bounds of a capability, and the addresses [first, last) to which it can move without changing them."""

    first: int
    last: int
    base: int
    top: int


_spans: dict[int, Span] = {}


def span(value: int) -> Span:
    """Remembers the last answer for each tag and metadata word: pointers mostly move within their window."""
    found = _spans.get(value >> METADATA_AT)
    if found is None or not found.first <= value & ADDRESS < found.last:
        found = _spans[value >> METADATA_AT] = _span(capability(value))
    return found


def _span(cap: Cap) -> Span:
    base, top = cap.bounds()
    if cap.exponent == EXPONENT_MAX:
        return Span(0, ADDRESSES, base, top)  # the regions are 2**33 bytes long: every address decodes alike
    unit = 1 << cap.exponent
    first = base
    if not first <= cap.address < first + unit * UNITS:
        first -= ADDRESSES  # the base decoded to below zero, which only untagged patterns do
    return Span(first, first + unit * UNITS, base, top)


def moved(value: int, address: int) -> int:
    """`csetaddr`: the tag survives only if unsealed and the bounds stay what they were."""
    address &= ADDRESS
    if value >= TAG and not value & SEALED:
        found = span(value)
        if found.first <= address < found.last:
            return value & ~ADDRESS | address
    return value & METADATA | address


def cleared(value: int) -> int:
    """The same without its tag."""
    return value & WORDS
