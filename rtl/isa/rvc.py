"""Compressed encodings: one row per pattern, first match wins, with the instruction that it stands for.

Source: RISC-V C extension for RV32E with the capability loads and stores of the CHERIoT ISA. A pattern that
is a hint is a true no-op and does not look at register numbers (DEC-9); a halfword that no row matches, or
that a row marks so, is illegal.
"""

import enum
from dataclasses import dataclass, field
from functools import cached_property

from rtl.isa.table import BY_NAME, FIELDS, REGISTER_FIELDS, REGISTERS, Insn
from rtl.isa.table import field as pieces


class Kind(enum.Enum):
    EXPAND = 0
    HINT = 1
    ILLEGAL = 2


RVC_FIELDS = {
    "a": pieces((7, 3), offset=8),
    "b": pieces((2, 3), offset=8),
    "rd": pieces((7, 5)),
    "r2": pieces((2, 5)),
    "i6": pieces((2, 5), (12, 1, 5), signed=True),
    "shamt": pieces((2, 5)),
    "addi4spn": pieces((11, 2, 4), (7, 4, 6), (6, 1, 2), (5, 1, 3)),
    "word": pieces((10, 3, 3), (6, 1, 2), (5, 1, 6)),
    "double": pieces((10, 3, 3), (5, 2, 6)),
    "addi16sp": pieces((12, 1, 9), (6, 1, 4), (5, 1, 6), (3, 2, 7), (2, 1, 5), signed=True),
    "lui": pieces((2, 5), (12, 1, 5), signed=True),
    "branch": pieces((12, 1, 8), (10, 2, 3), (5, 2, 6), (3, 2, 1), (2, 1, 5), signed=True),
    "jump": pieces(
        (12, 1, 11), (11, 1, 4), (9, 2, 8), (8, 1, 10), (7, 1, 6), (6, 1, 7), (3, 3, 1), (2, 1, 5), signed=True
    ),
    "lwsp": pieces((12, 1, 5), (4, 3, 2), (2, 2, 6)),
    "clcsp": pieces((12, 1, 5), (5, 2, 3), (2, 3, 6)),
    "swsp": pieces((9, 4, 2), (7, 2, 6)),
    "cscsp": pieces((10, 3, 3), (7, 3, 6)),
}
RVC_REGISTERS = ("a", "b", "rd", "r2")


@dataclass(frozen=True)
class Compressed:
    """A halfword pattern. `operands` gives each operand of the expansion: a name of RVC_FIELDS, or a constant."""

    name: str
    pattern: str  # bit 15 first
    kind: Kind
    expansion: str = ""
    operands: dict[str, str | int] = field(default_factory=dict)

    @cached_property
    def bits(self) -> str:
        return self.pattern.replace(" ", "")

    @cached_property
    def mask(self) -> int:
        return int("".join("0" if bit == "-" else "1" for bit in self.bits), 2)

    @cached_property
    def match(self) -> int:
        return int(self.bits.replace("-", "0"), 2)

    @cached_property
    def insn(self) -> Insn:
        """The row of the instruction that an EXPAND row stands for."""
        return BY_NAME[self.expansion]


def _expand(name: str, pattern: str, expansion: str, **operands: str | int) -> Compressed:
    return Compressed(name, pattern, Kind.EXPAND, expansion, operands)


def _hint(name: str, pattern: str) -> Compressed:
    return Compressed(name, pattern, Kind.HINT)


def _illegal(pattern: str) -> Compressed:
    return Compressed("c.unimp", pattern, Kind.ILLEGAL)


# fmt: off
RVC = (
    # Quadrant 0
    _illegal("000 00000000 --- 00"),
    _expand("c.cincaddr4cspn",  "000 -------- --- 00", "cincaddrimm", cd="b", cs1=2, imm_i="addi4spn"),
    _expand("c.lw",             "010 --- --- -- --- 00", "lw",  rd="b",  imm_i="word",   cs1="a"),
    _expand("c.clc",            "011 --- --- -- --- 00", "clc", cd="b",  imm_i="double", cs1="a"),
    _expand("c.sw",             "110 --- --- -- --- 00", "sw",  rs2="b", imm_s="word",   cs1="a"),
    _expand("c.csc",            "111 --- --- -- --- 00", "csc", cs2="b", imm_s="double", cs1="a"),
    # Quadrant 1
    _hint("c.nop",              "000 - 00000 ----- 01"),
    _hint("c.addi",             "000 0 ----- 00000 01"),
    _expand("c.addi",           "000 - ----- ----- 01", "addi", rd="rd", rs1="rd", imm_i="i6"),
    _expand("c.cjal",           "001 ----------- 01", "cjal", cd=1, imm_j="jump"),
    _hint("c.li",               "010 - 00000 ----- 01"),
    _expand("c.li",             "010 - ----- ----- 01", "addi", rd="rd", rs1=0, imm_i="i6"),
    _illegal("011 0 ----- 00000 01"),
    _expand("c.cincaddr16csp",  "011 - 00010 ----- 01", "cincaddrimm", cd=2, cs1=2, imm_i="addi16sp"),
    _hint("c.lui",              "011 - 00000 ----- 01"),
    _expand("c.lui",            "011 - ----- ----- 01", "lui", rd="rd", imm_u="lui"),
    _illegal("100 1 0- --- ----- 01"),
    _hint("c.srli",             "100 0 00 --- 00000 01"),
    _expand("c.srli",           "100 0 00 --- ----- 01", "srli", rd="a", rs1="a", shamt="shamt"),
    _hint("c.srai",             "100 0 01 --- 00000 01"),
    _expand("c.srai",           "100 0 01 --- ----- 01", "srai", rd="a", rs1="a", shamt="shamt"),
    _expand("c.andi",           "100 - 10 --- ----- 01", "andi", rd="a", rs1="a", imm_i="i6"),
    _expand("c.sub",            "100 0 11 --- 00 --- 01", "sub", rd="a", rs1="a", rs2="b"),
    _expand("c.xor",            "100 0 11 --- 01 --- 01", "xor", rd="a", rs1="a", rs2="b"),
    _expand("c.or",             "100 0 11 --- 10 --- 01", "or",  rd="a", rs1="a", rs2="b"),
    _expand("c.and",            "100 0 11 --- 11 --- 01", "and", rd="a", rs1="a", rs2="b"),
    _expand("c.j",              "101 ----------- 01", "cjal", cd=0, imm_j="jump"),
    _expand("c.beqz",           "110 --- --- ----- 01", "beq", rs1="a", rs2=0, imm_b="branch"),
    _expand("c.bnez",           "111 --- --- ----- 01", "bne", rs1="a", rs2=0, imm_b="branch"),
    # Quadrant 2
    _illegal("000 1 ----- ----- 10"),
    _hint("c.slli",             "000 0 00000 ----- 10"),
    _hint("c.slli",             "000 0 ----- 00000 10"),
    _expand("c.slli",           "000 0 ----- ----- 10", "slli", rd="rd", rs1="rd", shamt="shamt"),
    _illegal("010 - 00000 ----- 10"),
    _expand("c.lwsp",           "010 - ----- ----- 10", "lw", rd="rd", imm_i="lwsp", cs1=2),
    _illegal("011 - 00000 ----- 10"),
    _expand("c.clcsp",          "011 - ----- ----- 10", "clc", cd="rd", imm_i="clcsp", cs1=2),
    _illegal("100 0 00000 00000 10"),
    _expand("c.cjr",            "100 0 ----- 00000 10", "cjalr", cd=0, imm_i=0, cs1="rd"),
    _hint("c.mv",               "100 0 00000 ----- 10"),
    _expand("c.mv",             "100 0 ----- ----- 10", "add", rd="rd", rs1=0, rs2="r2"),
    _expand("c.ebreak",         "100 1 00000 00000 10", "ebreak"),
    _expand("c.cjalr",          "100 1 ----- 00000 10", "cjalr", cd=1, imm_i=0, cs1="rd"),
    _hint("c.add",              "100 1 00000 ----- 10"),
    _expand("c.add",            "100 1 ----- ----- 10", "add", rd="rd", rs1="rd", rs2="r2"),
    _expand("c.swsp",           "110 ------ ----- 10", "sw", rs2="r2", imm_s="swsp", cs1=2),
    _expand("c.cscsp",          "111 ------ ----- 10", "csc", cs2="r2", imm_s="cscsp", cs1=2),
)
# fmt: on


def find_compressed(half: int) -> Compressed | None:
    """The first row that a halfword matches; None (or a row of kind ILLEGAL) means illegal."""
    return next((row for row in RVC if half & row.mask == row.match), None)


def operand_values(row: Compressed, half: int) -> dict[str, int]:
    """Operands of the expansion, by the names of `row.insn.operands`."""
    return {
        operand: RVC_FIELDS[source].extract(half) if isinstance(source, str) else source
        for operand, source in row.operands.items()
    }


def expand(half: int) -> int | None:
    """The 32-bit word that a halfword stands for; None for hints, illegal patterns and registers above 15."""
    row = find_compressed(half)
    if row is None or row.kind is not Kind.EXPAND:
        return None
    values = operand_values(row, half)
    if any(values[o] >= REGISTERS for o in values if o in REGISTER_FIELDS):
        return None
    return row.insn.match | sum(FIELDS[o].insert(v) for o, v in values.items())
