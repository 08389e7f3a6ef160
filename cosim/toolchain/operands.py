"""Operands of an instruction, read as its row in the table asks for them."""

import re
from dataclasses import dataclass

from cosim.toolchain.builder import Builder
from cosim.toolchain.expression import Expr, is_literal
from cosim.toolchain.relocation import MODIFIERS
from cosim.toolchain.source import AsmError, Place
from cosim.toolchain.suggest import did_you_mean
from rtl.isa.csr import CSR_BY_NAME, SCRS
from rtl.isa.disassembler import TARGETS
from rtl.isa.registers import CAPABILITY_NAMES, INTEGER_NAMES, OTHER_NAMES
from rtl.isa.table import FENCE_SETS, FIELDS, REGISTER_FIELDS, REGISTERS, Insn

REGISTER_NUMBERS = {
    **{f"{letter}{number}": number for letter in "xc" for number in range(REGISTERS)},
    **{name: number for number, name in enumerate(INTEGER_NAMES)},
    **{name: number for number, name in enumerate(CAPABILITY_NAMES)},
    **OTHER_NAMES,
}
"""Every spelling of a register; names of the integer and of the capability may stand for each other.

`cs1` is the capability of s1, never the operand of that name; `c8` and `c9` are numbers.
"""
_ABSENT = re.compile(r"[xc](1[6-9]|2\d|3[01])|c?(s([2-9]|1[01])|t[3-6]|a[67])")
_MODIFIER = re.compile(r"(%[\w]+)\s*\((.*)\)", re.DOTALL)
_MEMORY = re.compile(r"(.*?)\(\s*([\w.$]+)\s*\)", re.DOTALL)
EITHER_SIGN = ("simm_u",)
"""Fields whose upper half may also be written as unsigned numbers."""


@dataclass(frozen=True, slots=True)
class Open:
    """An operand whose value awaits addresses."""

    expr: Expr
    modifier: str | None = None


Operand = int | Open


def parse_operands(builder: Builder, row: Insn, texts: list[str], place: Place) -> list[Operand]:
    """Values in the order of `row.operands`; checked against the ranges of their fields where they are known."""
    wanted = row.syntax.split(", ") if row.syntax else []
    if len(texts) != len(wanted):
        usage = f'"{row.name} {row.syntax}"'.replace(' "', '"')
        raise AsmError(place, f"{row.name} takes {len(wanted) or 'no'} operands, {usage}; here are {len(texts)}")
    found: list[Operand] = []
    for form, text in zip(wanted, texts, strict=True):
        if form.endswith("(cs1)"):
            memory = _MEMORY.fullmatch(text)
            if memory is None:
                raise AsmError(place, f'"{text}" is no memory operand; write it as "offset(register)"')
            found.append(_operand(builder, form.removesuffix("(cs1)"), memory[1].strip() or "0", place))
            found.append(_operand(builder, "cs1", memory[2], place))
        else:
            found.append(_operand(builder, form, text, place))
    return found


def _operand(builder: Builder, name: str, text: str, place: Place) -> Operand:
    if name in REGISTER_FIELDS:
        return register(text, place)
    if name in ("pred", "succ"):
        return _fence_set(text, place)
    if name == "csr" and text.lower() in CSR_BY_NAME:
        return CSR_BY_NAME[text.lower()].number
    if name == "scr" and text.lower() in SCRS:
        return SCRS[text.lower()]
    if name in ("csr", "scr") and re.match(r"[A-Za-z_]", text) and not builder.defined(text):
        known = CSR_BY_NAME if name == "csr" else SCRS
        what = "control and status" if name == "csr" else "special capability"
        raise AsmError(place, f'no {what} register "{text}"{did_you_mean(text, known)}')
    return _immediate(builder, name, text, place)


def is_register(text: str) -> bool:
    """Whether it names a register, be it one that RV32E does not have."""
    return text.lower() in REGISTER_NUMBERS or bool(_ABSENT.fullmatch(text.lower()))


def register(text: str, place: Place) -> int:
    """The number of a register by any of its names."""
    number = REGISTER_NUMBERS.get(text.lower())
    if number is not None:
        return number
    if _ABSENT.fullmatch(text.lower()):
        raise AsmError(place, f"register {text} does not exist: RV32E has registers 0 to {REGISTERS - 1}")
    raise AsmError(place, f'"{text}" is no register{did_you_mean(text, REGISTER_NUMBERS)}')


def _fence_set(text: str, place: Place) -> int:
    letters = text.lower()
    if letters == "0":
        return 0
    if not letters or any(letter not in FENCE_SETS for letter in letters) or len(set(letters)) != len(letters):
        raise AsmError(place, f'"{text}" is no set of i, o, r, w')
    return sum(FENCE_SETS[letter] for letter in letters)


def _immediate(builder: Builder, name: str, text: str, place: Place) -> Operand:
    if match := _MODIFIER.fullmatch(text):
        modifier = match[1].lower()
        if modifier not in MODIFIERS:
            raise AsmError(place, f'unknown relocation operator "{match[1]}"{did_you_mean(modifier, MODIFIERS)}')
        if name not in MODIFIERS[modifier]:
            raise AsmError(place, f"{modifier} does not fit this operand")
        return Open(builder.parse(match[2], place), modifier)
    if is_register(text) and name not in TARGETS:  # a function may well be called s1
        raise AsmError(place, f'register "{text}" stands where a number should')
    expr = builder.parse(text, place)
    if name in TARGETS and not is_literal(expr):
        return Open(expr)
    value = builder.known(expr, place)
    return Open(expr) if value is None else checked(name, value, place)


def checked(name: str, value: int, place: Place) -> int:
    """The value if the field can hold it."""
    field = FIELDS[name]
    if name in EITHER_SIGN and field.range.stop <= value < 1 << field.width:
        value -= 1 << field.width
    if value not in field.range:
        limits = field.range
        step = f" in steps of {limits.step}" if limits.step > 1 else ""
        raise AsmError(place, f"{value} does not fit: must be {limits[0]} to {limits[-1]}{step}")
    return value
