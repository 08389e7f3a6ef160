"""Instruction words to assembly text, in the spelling of CHERIoT LLVM; a plain reading of the table.

A compressed instruction reads as the instruction that it stands for: assembling the text with compression
gives the halfword back. What is no instruction reads as `.word` or `.half`.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from rtl.isa.csr import CSR_BY_NUMBER, SCR_BY_NUMBER
from rtl.isa.registers import CAPABILITY_NAMES, INTEGER_NAMES
from rtl.isa.rvc import Kind, expand, find_compressed
from rtl.isa.table import (
    CAPABILITY_OPERANDS,
    FENCE_SETS,
    FIELDS,
    REGISTER_FIELDS,
    Insn,
    find,
    register_operands_exist,
)

NOP_HALF = 0x0001
FENCE_TSO = 0x8330000F
TARGETS = ("imm_b", "imm_j")
"""Operands that are distances from the instruction's own address."""
RETURN = ("cjalr", (0, 0, 1))

Names = Callable[[int], str | None]
"""From an address to a name for it, such as "main+0x10", or None."""


class Decoded(NamedTuple):
    """An instruction and its operand values in assembly order."""

    row: Insn
    values: tuple[int, ...]


def size(insn: int) -> int:
    """Bytes of the instruction whose first halfword is the low half of `insn`: 2 or 4."""
    return 4 if insn & 3 == 3 else 2


@lru_cache(maxsize=1 << 16)
def decode(insn: int) -> Decoded | None:
    """Row and operands of a word or halfword (as what it expands to); None for illegal ones and for hints."""
    word = insn if size(insn) == 4 else expand(insn & 0xFFFF)
    row = None if word is None else find(word)
    if row is None or not register_operands_exist(row, word):
        return None
    return Decoded(row, tuple(FIELDS[operand].extract(word) for operand in row.operands))


def disassemble(insn: int, pc: int | None = None, names: Names | None = None, *, numeric: bool = False) -> str:
    """The text of a 32-bit word, or of a halfword if its low bits say so.

    With `pc` a branch shows its target's address (and its name, if `names` knows one) instead of the distance.
    `numeric` writes registers as x0-x15 and c0-c15.
    """
    decoded = decode(insn)
    if decoded is None:
        return _no_instruction(insn)
    row, values = decoded
    if (row.name, values) == RETURN:
        return "cret"
    if insn == FENCE_TSO:
        return "fence.tso"
    pairs = zip(row.operands, values, strict=True)
    texts = {operand: _operand(operand, value, pc, names, numeric) for operand, value in pairs}
    operands = re.sub(r"\w+", lambda name: texts[name[0]], row.syntax)
    return f"{row.name} {operands}".rstrip()


def _no_instruction(insn: int) -> str:
    if size(insn) == 4:
        return f".word {insn:#010x}"
    half = insn & 0xFFFF
    row = find_compressed(half)
    if row is None or row.kind is not Kind.HINT:
        return f".half {half:#06x}"
    return "c.nop" if half == NOP_HALF else f".half {half:#06x} # hint: {row.name}"


def _operand(operand: str, value: int, pc: int | None, names: Names | None, numeric: bool) -> str:
    if operand in REGISTER_FIELDS:
        capability = operand in CAPABILITY_OPERANDS
        if numeric:
            return f"{'c' if capability else 'x'}{value}"
        return (CAPABILITY_NAMES if capability else INTEGER_NAMES)[value]
    if operand in TARGETS and pc is not None:
        target = pc + value & 0xFFFF_FFFF
        name = names(target) if names else None
        return f"{target:#x} <{name}>" if name else f"{target:#x}"
    if operand == "csr":
        return CSR_BY_NUMBER[value].name if value in CSR_BY_NUMBER else f"{value:#x}"
    if operand == "scr":
        return SCR_BY_NUMBER.get(value, str(value))
    if operand in ("pred", "succ"):
        return "".join(letter for letter, bit in FENCE_SETS.items() if value & bit) or "0"
    return f"{value:#x}" if operand == "imm_u" else str(value)

