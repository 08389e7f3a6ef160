"""The compressed form of an instruction, if it has one: the table of expansions read backwards."""

from collections.abc import Iterator
from functools import lru_cache

from rtl.isa.rvc import RVC, RVC_FIELDS, Compressed, Kind, expand
from rtl.isa.table import FIELDS, find

_ROWS: dict[str, list[Compressed]] = {}
for _row in RVC:
    if _row.kind is Kind.EXPAND:
        _ROWS.setdefault(_row.expansion, []).append(_row)


@lru_cache(maxsize=1 << 14)
def compress(word: int) -> int | None:
    """The halfword that expands to exactly this word, or None. Never a hint."""
    insn = find(word)
    if insn is None:
        return None
    for row in _ROWS.get(insn.name, ()):
        half = row.match
        for operand, source in row.operands.items():
            if isinstance(source, str):
                value = next(_encodable(operand, source, word), None)
                if value is None:
                    break
                half |= RVC_FIELDS[source].insert(value)
        else:
            if expand(half) == word:  # also settles constants, fields used twice, and hints
                return half
    return None


def _encodable(operand: str, source: str, word: int) -> Iterator[int]:
    """The operand's value as the compressed field may hold it: an unsigned field can stand for a signed one."""
    value = FIELDS[operand].extract(word)
    for candidate in (value, value - (1 << FIELDS[operand].width)):
        if candidate in RVC_FIELDS[source].range:
            yield candidate
