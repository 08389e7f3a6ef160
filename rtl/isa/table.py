"""One row per 32-bit instruction; decoder, assembler, disassembler, model and random generators read it.

Source: CHERIoT ISA, instruction chapters; RISC-V unprivileged ISA for the base and for bit manipulation (RV32).
"""

import enum
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple


class Unit(enum.Enum):
    """The part of the execute stage that an instruction belongs to."""

    ALU = 0
    BRANCH = 1
    JUMP = 2
    LOAD = 3
    STORE = 4
    MULDIV = 5
    CSR = 6
    SCR = 7
    SYSTEM = 8
    CAP = 9
    BITS = 10


class Piece(NamedTuple):
    """`width` bits at `lsb` of the word stand at `at` of the operand's value."""

    lsb: int
    width: int
    at: int = 0


@dataclass(frozen=True)
class Field:
    """An operand's place in an instruction word, in as many pieces as its encoding has.

    `offset` is added to the value when read (RVC register numbers start at 8).
    """

    pieces: tuple[Piece, ...]
    signed: bool = False
    offset: int = 0

    @cached_property
    def width(self) -> int:
        """Bits of the value, including low bits that the encoding leaves zero."""
        return max(piece.at + piece.width for piece in self.pieces)

    @cached_property
    def step(self) -> int:
        """The value is a multiple of this power of two."""
        return 1 << min(piece.at for piece in self.pieces)

    @property
    def range(self) -> range:
        """Every value that the field can hold."""
        if self.signed:
            return range(-(1 << self.width - 1), 1 << self.width - 1, self.step)
        return range(self.offset, self.offset + (1 << self.width), self.step)

    def insert(self, value: int) -> int:
        """The value's bits at their place in the word; bits that do not fit are dropped."""
        value -= self.offset
        return sum((value >> p.at & (1 << p.width) - 1) << p.lsb for p in self.pieces)

    def extract(self, word: int) -> int:
        value = sum((word >> p.lsb & (1 << p.width) - 1) << p.at for p in self.pieces)
        if self.signed and value >> self.width - 1:
            value -= 1 << self.width
        return value + self.offset


def field(*pieces: tuple[int, ...], signed: bool = False, offset: int = 0) -> Field:
    return Field(tuple(Piece(*piece) for piece in pieces), signed, offset)


FIELDS = {
    # Registers: c = the whole capability, r = the address half; the bits are the same.
    "rd": field((7, 5)),
    "cd": field((7, 5)),
    "rs1": field((15, 5)),
    "cs1": field((15, 5)),
    "rs2": field((20, 5)),
    "cs2": field((20, 5)),
    # Immediates by encoding format; `simm_u` is shifted by 11 where it is used, `imm_u` by 12.
    "imm_i": field((20, 12), signed=True),
    "uimm_i": field((20, 12)),
    "imm_s": field((7, 5), (25, 7, 5), signed=True),
    "imm_b": field((8, 4, 1), (25, 6, 5), (7, 1, 11), (31, 1, 12), signed=True),
    "imm_u": field((12, 20)),
    "simm_u": field((12, 20), signed=True),
    "imm_j": field((21, 10, 1), (20, 1, 11), (12, 8, 12), (31, 1, 20), signed=True),
    "shamt": field((20, 5)),
    "zimm": field((15, 5)),
    "csr": field((20, 12)),
    "scr": field((20, 5)),
    "pred": field((24, 4)),
    "succ": field((20, 4)),
}
REGISTER_FIELDS = {"rd": "rd", "cd": "rd", "rs1": "rs1", "cs1": "rs1", "rs2": "rs2", "cs2": "rs2"}
"""Operand name to the register port it uses."""
CAPABILITY_OPERANDS = ("cd", "cs1", "cs2")
REGISTERS = 16
"""RV32E: a register number of 16 or more is an illegal instruction (DEC-1)."""
UPPER_SHIFT = {"imm_u": 12, "simm_u": 11}
FENCE_SETS = {"i": 8, "o": 4, "r": 2, "w": 1}


@dataclass(frozen=True)
class Insn:
    """An instruction: its encoding, its operands in assembly order and the operation that its unit performs."""

    name: str
    pattern: str  # bit 31 first, '-' where an operand goes or a bit is ignored, blanks for the reader
    syntax: str  # operands as written in assembly
    unit: Unit
    op: str  # several rows share one where they differ in the second operand only
    extension: str  # the one that brings it, or several, of which any does

    @cached_property
    def extensions(self) -> frozenset[str]:
        return frozenset(self.extension.split())

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
    def operands(self) -> tuple[str, ...]:
        """Names of FIELDS in assembly order."""
        return tuple(re.findall(r"\w+", self.syntax))

    def reads(self, port: str) -> bool:
        """Whether register port "rd", "rs1" or "rs2" is an operand."""
        return any(REGISTER_FIELDS.get(operand) == port for operand in self.operands)

    def fits(self, word: int) -> bool:
        return word & self.mask == self.match


# fmt: off
INSNS = (
    Insn("lui",                 "------- ----- ----- --- ----- 0110111", "rd, imm_u",       Unit.ALU,    "lui", "I"),
    Insn("auipcc",              "------- ----- ----- --- ----- 0010111", "cd, simm_u",      Unit.CAP,    "incaddr", "Xcheriot"),
    Insn("auicgp",              "------- ----- ----- --- ----- 1111011", "cd, simm_u",      Unit.CAP,    "incaddr", "Xcheriot"),
    Insn("cjal",                "------- ----- ----- --- ----- 1101111", "cd, imm_j",       Unit.JUMP,   "cjal", "Xcheriot"),
    Insn("cjalr",               "------- ----- ----- 000 ----- 1100111", "cd, imm_i(cs1)",  Unit.JUMP,   "cjalr", "Xcheriot"),
    Insn("beq",                 "------- ----- ----- 000 ----- 1100011", "rs1, rs2, imm_b", Unit.BRANCH, "beq", "I"),
    Insn("bne",                 "------- ----- ----- 001 ----- 1100011", "rs1, rs2, imm_b", Unit.BRANCH, "bne", "I"),
    Insn("blt",                 "------- ----- ----- 100 ----- 1100011", "rs1, rs2, imm_b", Unit.BRANCH, "blt", "I"),
    Insn("bge",                 "------- ----- ----- 101 ----- 1100011", "rs1, rs2, imm_b", Unit.BRANCH, "bge", "I"),
    Insn("bltu",                "------- ----- ----- 110 ----- 1100011", "rs1, rs2, imm_b", Unit.BRANCH, "bltu", "I"),
    Insn("bgeu",                "------- ----- ----- 111 ----- 1100011", "rs1, rs2, imm_b", Unit.BRANCH, "bgeu", "I"),
    Insn("lb",                  "------- ----- ----- 000 ----- 0000011", "rd, imm_i(cs1)",  Unit.LOAD,   "lb", "I"),
    Insn("lh",                  "------- ----- ----- 001 ----- 0000011", "rd, imm_i(cs1)",  Unit.LOAD,   "lh", "I"),
    Insn("lw",                  "------- ----- ----- 010 ----- 0000011", "rd, imm_i(cs1)",  Unit.LOAD,   "lw", "I"),
    Insn("clc",                 "------- ----- ----- 011 ----- 0000011", "cd, imm_i(cs1)",  Unit.LOAD,   "clc", "Xcheriot"),
    Insn("lbu",                 "------- ----- ----- 100 ----- 0000011", "rd, imm_i(cs1)",  Unit.LOAD,   "lbu", "I"),
    Insn("lhu",                 "------- ----- ----- 101 ----- 0000011", "rd, imm_i(cs1)",  Unit.LOAD,   "lhu", "I"),
    Insn("sb",                  "------- ----- ----- 000 ----- 0100011", "rs2, imm_s(cs1)", Unit.STORE,  "sb", "I"),
    Insn("sh",                  "------- ----- ----- 001 ----- 0100011", "rs2, imm_s(cs1)", Unit.STORE,  "sh", "I"),
    Insn("sw",                  "------- ----- ----- 010 ----- 0100011", "rs2, imm_s(cs1)", Unit.STORE,  "sw", "I"),
    Insn("csc",                 "------- ----- ----- 011 ----- 0100011", "cs2, imm_s(cs1)", Unit.STORE,  "csc", "Xcheriot"),
    Insn("addi",                "------- ----- ----- 000 ----- 0010011", "rd, rs1, imm_i",  Unit.ALU,    "add", "I"),
    Insn("slti",                "------- ----- ----- 010 ----- 0010011", "rd, rs1, imm_i",  Unit.ALU,    "slt", "I"),
    Insn("sltiu",               "------- ----- ----- 011 ----- 0010011", "rd, rs1, imm_i",  Unit.ALU,    "sltu", "I"),
    Insn("xori",                "------- ----- ----- 100 ----- 0010011", "rd, rs1, imm_i",  Unit.ALU,    "xor", "I"),
    Insn("ori",                 "------- ----- ----- 110 ----- 0010011", "rd, rs1, imm_i",  Unit.ALU,    "or", "I"),
    Insn("andi",                "------- ----- ----- 111 ----- 0010011", "rd, rs1, imm_i",  Unit.ALU,    "and", "I"),
    Insn("slli",                "0000000 ----- ----- 001 ----- 0010011", "rd, rs1, shamt",  Unit.ALU,    "sll", "I"),
    Insn("srli",                "0000000 ----- ----- 101 ----- 0010011", "rd, rs1, shamt",  Unit.ALU,    "srl", "I"),
    Insn("srai",                "0100000 ----- ----- 101 ----- 0010011", "rd, rs1, shamt",  Unit.ALU,    "sra", "I"),
    Insn("add",                 "0000000 ----- ----- 000 ----- 0110011", "rd, rs1, rs2",    Unit.ALU,    "add", "I"),
    Insn("sub",                 "0100000 ----- ----- 000 ----- 0110011", "rd, rs1, rs2",    Unit.ALU,    "sub", "I"),
    Insn("sll",                 "0000000 ----- ----- 001 ----- 0110011", "rd, rs1, rs2",    Unit.ALU,    "sll", "I"),
    Insn("slt",                 "0000000 ----- ----- 010 ----- 0110011", "rd, rs1, rs2",    Unit.ALU,    "slt", "I"),
    Insn("sltu",                "0000000 ----- ----- 011 ----- 0110011", "rd, rs1, rs2",    Unit.ALU,    "sltu", "I"),
    Insn("xor",                 "0000000 ----- ----- 100 ----- 0110011", "rd, rs1, rs2",    Unit.ALU,    "xor", "I"),
    Insn("srl",                 "0000000 ----- ----- 101 ----- 0110011", "rd, rs1, rs2",    Unit.ALU,    "srl", "I"),
    Insn("sra",                 "0100000 ----- ----- 101 ----- 0110011", "rd, rs1, rs2",    Unit.ALU,    "sra", "I"),
    Insn("or",                  "0000000 ----- ----- 110 ----- 0110011", "rd, rs1, rs2",    Unit.ALU,    "or", "I"),
    Insn("and",                 "0000000 ----- ----- 111 ----- 0110011", "rd, rs1, rs2",    Unit.ALU,    "and", "I"),
    Insn("mul",                 "0000001 ----- ----- 000 ----- 0110011", "rd, rs1, rs2",    Unit.MULDIV, "mul", "M"),
    Insn("mulh",                "0000001 ----- ----- 001 ----- 0110011", "rd, rs1, rs2",    Unit.MULDIV, "mulh", "M"),
    Insn("mulhsu",              "0000001 ----- ----- 010 ----- 0110011", "rd, rs1, rs2",    Unit.MULDIV, "mulhsu", "M"),
    Insn("mulhu",               "0000001 ----- ----- 011 ----- 0110011", "rd, rs1, rs2",    Unit.MULDIV, "mulhu", "M"),
    Insn("div",                 "0000001 ----- ----- 100 ----- 0110011", "rd, rs1, rs2",    Unit.MULDIV, "div", "M"),
    Insn("divu",                "0000001 ----- ----- 101 ----- 0110011", "rd, rs1, rs2",    Unit.MULDIV, "divu", "M"),
    Insn("rem",                 "0000001 ----- ----- 110 ----- 0110011", "rd, rs1, rs2",    Unit.MULDIV, "rem", "M"),
    Insn("remu",                "0000001 ----- ----- 111 ----- 0110011", "rd, rs1, rs2",    Unit.MULDIV, "remu", "M"),
    Insn("fence",               "------- ----- ----- 000 ----- 0001111", "pred, succ",      Unit.SYSTEM, "fence", "I"),
    Insn("fence.i",             "------- ----- ----- 001 ----- 0001111", "",                Unit.SYSTEM, "fence_i", "Zifencei"),
    Insn("ecall",               "0000000 00000 00000 000 00000 1110011", "",                Unit.SYSTEM, "ecall", "I"),
    Insn("ebreak",              "0000000 00001 00000 000 00000 1110011", "",                Unit.SYSTEM, "ebreak", "I"),
    Insn("mret",                "0011000 00010 00000 000 00000 1110011", "",                Unit.SYSTEM, "mret", "I"),
    Insn("wfi",                 "0001000 00101 00000 000 00000 1110011", "",                Unit.SYSTEM, "wfi", "I"),
    Insn("csrrw",               "------- ----- ----- 001 ----- 1110011", "rd, csr, rs1",    Unit.CSR,    "csrrw", "Zicsr"),
    Insn("csrrs",               "------- ----- ----- 010 ----- 1110011", "rd, csr, rs1",    Unit.CSR,    "csrrs", "Zicsr"),
    Insn("csrrc",               "------- ----- ----- 011 ----- 1110011", "rd, csr, rs1",    Unit.CSR,    "csrrc", "Zicsr"),
    Insn("csrrwi",              "------- ----- ----- 101 ----- 1110011", "rd, csr, zimm",   Unit.CSR,    "csrrw", "Zicsr"),
    Insn("csrrsi",              "------- ----- ----- 110 ----- 1110011", "rd, csr, zimm",   Unit.CSR,    "csrrs", "Zicsr"),
    Insn("csrrci",              "------- ----- ----- 111 ----- 1110011", "rd, csr, zimm",   Unit.CSR,    "csrrc", "Zicsr"),
    Insn("cspecialrw",          "0000001 ----- ----- 000 ----- 1011011", "cd, scr, cs1",    Unit.SCR,    "cspecialrw", "Xcheriot"),
    Insn("csetbounds",          "0001000 ----- ----- 000 ----- 1011011", "cd, cs1, rs2",    Unit.CAP,    "setbounds", "Xcheriot"),
    Insn("csetboundsexact",     "0001001 ----- ----- 000 ----- 1011011", "cd, cs1, rs2",    Unit.CAP,    "setboundsexact", "Xcheriot"),
    Insn("csetboundsrounddown", "0001010 ----- ----- 000 ----- 1011011", "cd, cs1, rs2",    Unit.CAP,    "setboundsrounddown", "Xcheriot"),
    Insn("cseal",               "0001011 ----- ----- 000 ----- 1011011", "cd, cs1, cs2",    Unit.CAP,    "seal", "Xcheriot"),
    Insn("cunseal",             "0001100 ----- ----- 000 ----- 1011011", "cd, cs1, cs2",    Unit.CAP,    "unseal", "Xcheriot"),
    Insn("candperm",            "0001101 ----- ----- 000 ----- 1011011", "cd, cs1, rs2",    Unit.CAP,    "andperm", "Xcheriot"),
    Insn("csetaddr",            "0010000 ----- ----- 000 ----- 1011011", "cd, cs1, rs2",    Unit.CAP,    "setaddr", "Xcheriot"),
    Insn("cincaddr",            "0010001 ----- ----- 000 ----- 1011011", "cd, cs1, rs2",    Unit.CAP,    "incaddr", "Xcheriot"),
    Insn("csub",                "0010100 ----- ----- 000 ----- 1011011", "rd, cs1, cs2",    Unit.ALU,    "sub", "Xcheriot"),
    Insn("csethigh",            "0010110 ----- ----- 000 ----- 1011011", "cd, cs1, rs2",    Unit.CAP,    "sethigh", "Xcheriot"),
    Insn("ctestsubset",         "0100000 ----- ----- 000 ----- 1011011", "rd, cs1, cs2",    Unit.CAP,    "testsubset", "Xcheriot"),
    Insn("csetequalexact",      "0100001 ----- ----- 000 ----- 1011011", "rd, cs1, cs2",    Unit.CAP,    "setequalexact", "Xcheriot"),
    Insn("cgetperm",            "1111111 00000 ----- 000 ----- 1011011", "rd, cs1",         Unit.CAP,    "getperm", "Xcheriot"),
    Insn("cgettype",            "1111111 00001 ----- 000 ----- 1011011", "rd, cs1",         Unit.CAP,    "gettype", "Xcheriot"),
    Insn("cgetbase",            "1111111 00010 ----- 000 ----- 1011011", "rd, cs1",         Unit.CAP,    "getbase", "Xcheriot"),
    Insn("cgetlen",             "1111111 00011 ----- 000 ----- 1011011", "rd, cs1",         Unit.CAP,    "getlen", "Xcheriot"),
    Insn("cgettag",             "1111111 00100 ----- 000 ----- 1011011", "rd, cs1",         Unit.CAP,    "gettag", "Xcheriot"),
    Insn("crrl",                "1111111 01000 ----- 000 ----- 1011011", "rd, rs1",         Unit.CAP,    "crrl", "Xcheriot"),
    Insn("cram",                "1111111 01001 ----- 000 ----- 1011011", "rd, rs1",         Unit.CAP,    "cram", "Xcheriot"),
    Insn("cmove",               "1111111 01010 ----- 000 ----- 1011011", "cd, cs1",         Unit.CAP,    "move", "Xcheriot"),
    Insn("ccleartag",           "1111111 01011 ----- 000 ----- 1011011", "cd, cs1",         Unit.CAP,    "cleartag", "Xcheriot"),
    Insn("cgetaddr",            "1111111 01111 ----- 000 ----- 1011011", "rd, cs1",         Unit.CAP,    "getaddr", "Xcheriot"),
    Insn("cgethigh",            "1111111 10111 ----- 000 ----- 1011011", "rd, cs1",         Unit.CAP,    "gethigh", "Xcheriot"),
    Insn("cgettop",             "1111111 11000 ----- 000 ----- 1011011", "rd, cs1",         Unit.CAP,    "gettop", "Xcheriot"),
    Insn("cincaddrimm",         "------- ----- ----- 001 ----- 1011011", "cd, cs1, imm_i",  Unit.CAP,    "incaddr", "Xcheriot"),
    Insn("csetboundsimm",       "------- ----- ----- 010 ----- 1011011", "cd, cs1, uimm_i", Unit.CAP,    "setbounds", "Xcheriot"),
    Insn("sh1add",             "0010000 ----- ----- 010 ----- 0110011", "rd, rs1, rs2",   Unit.BITS,   "sh1add", "Zba"),
    Insn("sh2add",             "0010000 ----- ----- 100 ----- 0110011", "rd, rs1, rs2",   Unit.BITS,   "sh2add", "Zba"),
    Insn("sh3add",             "0010000 ----- ----- 110 ----- 0110011", "rd, rs1, rs2",   Unit.BITS,   "sh3add", "Zba"),
    Insn("andn",               "0100000 ----- ----- 111 ----- 0110011", "rd, rs1, rs2",   Unit.BITS,   "andn", "Zbb Zbkb"),
    Insn("orn",                "0100000 ----- ----- 110 ----- 0110011", "rd, rs1, rs2",   Unit.BITS,   "orn", "Zbb Zbkb"),
    Insn("xnor",               "0100000 ----- ----- 100 ----- 0110011", "rd, rs1, rs2",   Unit.BITS,   "xnor", "Zbb Zbkb"),
    Insn("clz",                "0110000 00000 ----- 001 ----- 0010011", "rd, rs1",        Unit.BITS,   "clz", "Zbb"),
    Insn("ctz",                "0110000 00001 ----- 001 ----- 0010011", "rd, rs1",        Unit.BITS,   "ctz", "Zbb"),
    Insn("cpop",               "0110000 00010 ----- 001 ----- 0010011", "rd, rs1",        Unit.BITS,   "cpop", "Zbb"),
    Insn("sext.b",             "0110000 00100 ----- 001 ----- 0010011", "rd, rs1",        Unit.BITS,   "sext_b", "Zbb"),
    Insn("sext.h",             "0110000 00101 ----- 001 ----- 0010011", "rd, rs1",        Unit.BITS,   "sext_h", "Zbb"),
    Insn("zext.h",             "0000100 00000 ----- 100 ----- 0110011", "rd, rs1",        Unit.BITS,   "pack", "Zbb"),
    Insn("max",                "0000101 ----- ----- 110 ----- 0110011", "rd, rs1, rs2",   Unit.BITS,   "max", "Zbb"),
    Insn("maxu",               "0000101 ----- ----- 111 ----- 0110011", "rd, rs1, rs2",   Unit.BITS,   "maxu", "Zbb"),
    Insn("min",                "0000101 ----- ----- 100 ----- 0110011", "rd, rs1, rs2",   Unit.BITS,   "min", "Zbb"),
    Insn("minu",               "0000101 ----- ----- 101 ----- 0110011", "rd, rs1, rs2",   Unit.BITS,   "minu", "Zbb"),
    Insn("rol",                "0110000 ----- ----- 001 ----- 0110011", "rd, rs1, rs2",   Unit.BITS,   "rol", "Zbb Zbkb"),
    Insn("ror",                "0110000 ----- ----- 101 ----- 0110011", "rd, rs1, rs2",   Unit.BITS,   "ror", "Zbb Zbkb"),
    Insn("rori",               "0110000 ----- ----- 101 ----- 0010011", "rd, rs1, shamt", Unit.BITS,   "ror", "Zbb Zbkb"),
    Insn("orc.b",              "0010100 00111 ----- 101 ----- 0010011", "rd, rs1",        Unit.BITS,   "orc_b", "Zbb"),
    Insn("rev8",               "0110100 11000 ----- 101 ----- 0010011", "rd, rs1",        Unit.BITS,   "rev8", "Zbb Zbkb"),
    Insn("bclr",               "0100100 ----- ----- 001 ----- 0110011", "rd, rs1, rs2",   Unit.BITS,   "bclr", "Zbs"),
    Insn("bclri",              "0100100 ----- ----- 001 ----- 0010011", "rd, rs1, shamt", Unit.BITS,   "bclr", "Zbs"),
    Insn("bext",               "0100100 ----- ----- 101 ----- 0110011", "rd, rs1, rs2",   Unit.BITS,   "bext", "Zbs"),
    Insn("bexti",              "0100100 ----- ----- 101 ----- 0010011", "rd, rs1, shamt", Unit.BITS,   "bext", "Zbs"),
    Insn("binv",               "0110100 ----- ----- 001 ----- 0110011", "rd, rs1, rs2",   Unit.BITS,   "binv", "Zbs"),
    Insn("binvi",              "0110100 ----- ----- 001 ----- 0010011", "rd, rs1, shamt", Unit.BITS,   "binv", "Zbs"),
    Insn("bset",               "0010100 ----- ----- 001 ----- 0110011", "rd, rs1, rs2",   Unit.BITS,   "bset", "Zbs"),
    Insn("bseti",              "0010100 ----- ----- 001 ----- 0010011", "rd, rs1, shamt", Unit.BITS,   "bset", "Zbs"),
    Insn("pack",               "0000100 ----- ----- 100 ----- 0110011", "rd, rs1, rs2",   Unit.BITS,   "pack", "Zbkb"),
    Insn("packh",              "0000100 ----- ----- 111 ----- 0110011", "rd, rs1, rs2",   Unit.BITS,   "packh", "Zbkb"),
    Insn("brev8",              "0110100 00111 ----- 101 ----- 0010011", "rd, rs1",        Unit.BITS,   "brev8", "Zbkb"),
    Insn("zip",                "0000100 01111 ----- 001 ----- 0010011", "rd, rs1",        Unit.BITS,   "zip", "Zbkb"),
    Insn("unzip",              "0000100 01111 ----- 101 ----- 0010011", "rd, rs1",        Unit.BITS,   "unzip", "Zbkb"),
    Insn("clmul",              "0000101 ----- ----- 001 ----- 0110011", "rd, rs1, rs2",   Unit.BITS,   "clmul", "Zbkc"),
    Insn("clmulh",             "0000101 ----- ----- 011 ----- 0110011", "rd, rs1, rs2",   Unit.BITS,   "clmulh", "Zbkc"),
)
"""Where two rows fit a word, the first one is meant."""
# fmt: on
BY_NAME = {row.name: row for row in INSNS}
BY_OPCODE = {opcode: tuple(row for row in INSNS if row.match & 0x7F == opcode) for opcode in range(128)}


def find(word: int, extensions: Collection[str] | None = None) -> Insn | None:
    """The row of a 32-bit word, or None where no encoding fits. Register numbers are not looked at.

    With `extensions`, rows that none of them brings do not count.
    """
    rows = (row for row in BY_OPCODE[word & 0x7F] if word & row.mask == row.match)
    return next((row for row in rows if extensions is None or not row.extensions.isdisjoint(extensions)), None)


def register_operands_exist(row: Insn, word: int) -> bool:
    """False if a register operand of the word names a register that RV32E does not have."""
    return all(FIELDS[o].extract(word) < REGISTERS for o in row.operands if o in REGISTER_FIELDS)


def encode(row: Insn, *values: int) -> int:
    """The word of an instruction from its operand values in assembly order (register numbers, immediates)."""
    return row.match | sum(FIELDS[o].insert(v) for o, v in zip(row.operands, values, strict=True))
