"""From a word of memory to a table row with its operands, compressed or not. Source: CHERIoT ISA, encodings."""

from dataclasses import dataclass
from functools import lru_cache

from rtl.isa.rvc import Kind, find_compressed, operand_values
from rtl.isa.table import FIELDS, REGISTER_FIELDS, REGISTERS, UPPER_SHIFT, Insn, Unit, find

IMMEDIATES = ("imm_i", "uimm_i", "imm_s", "imm_b", "imm_u", "simm_u", "imm_j", "shamt", "zimm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """A decoded instruction. `row` is None for an illegal word and for a compressed hint, which does nothing.

    Register numbers of operands that it lacks are 0. `imm` is shifted to its place; `immediate` tells whether there
    is one. `special` is the number of a CSR or SCR.
    """

    word: int
    length: int
    row: Insn | None = None
    hint: bool = False
    rd: int = 0
    rs1: int = 0
    rs2: int = 0
    imm: int = 0
    immediate: bool = False
    special: int = 0

    @property
    def name(self) -> str:
        """The row's name, op and unit; empty or None if there is no row."""
        return self.row.name if self.row else ""

    @property
    def op(self) -> str:
        return self.row.op if self.row else ""

    @property
    def unit(self) -> Unit | None:
        return self.row.unit if self.row else None


def _look_up(word: int, length: int, extensions: tuple[str, ...]) -> tuple[Insn | None, dict[str, int]]:
    if length == 4:
        row = find(word, extensions)
        return row, {name: FIELDS[name].extract(word) for name in row.operands} if row else {}
    short = find_compressed(word)
    if short is None or short.kind is not Kind.EXPAND:
        return None, {}
    return short.insn, operand_values(short, word)


def _is_hint(word: int, length: int) -> bool:
    short = find_compressed(word) if length == 2 else None
    return short is not None and short.kind is Kind.HINT


@lru_cache(maxsize=1 << 14)
def decode(word: int, length: int, extensions: tuple[str, ...]) -> Instruction:
    """The meaning of a word of 2 or 4 bytes to a core with these extensions.

    A register number that RV32E lacks is illegal (DEC-1).
    """
    row, operands = _look_up(word, length, extensions)
    registers = {REGISTER_FIELDS[name]: operand for name, operand in operands.items() if name in REGISTER_FIELDS}
    if row is None or any(number >= REGISTERS for number in registers.values()):
        return Instruction(word=word, length=length, hint=_is_hint(word, length))
    imm = [value << UPPER_SHIFT.get(name, 0) for name, value in operands.items() if name in IMMEDIATES]
    special = operands.get("csr", operands.get("scr", 0))
    return Instruction(
        word=word,
        length=length,
        row=row,
        rd=registers.get("rd", 0),
        rs1=registers.get("rs1", 0),
        rs2=registers.get("rs2", 0),
        imm=imm[0] if imm else 0,
        immediate=bool(imm),
        special=special,
    )
