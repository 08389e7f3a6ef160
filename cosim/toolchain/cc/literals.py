"""Values of integer, character and string constants."""

import re

from cosim.toolchain.cc.diagnostics import CompileError, Place
from cosim.toolchain.cc.types import CHAR, INT, LLONG, LONG, UINT, ULLONG, ULONG, USHORT, IntType

ESCAPES = {"n": 10, "t": 9, "r": 13, "0": 0, "a": 7, "b": 8, "f": 12, "v": 11, "e": 27}
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]+)|([0-7]{1,3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.S)
_QUOTED = re.compile(r'(u8|u|U|L)?"((?:[^"\\]|\\.)*)"', re.S)


def integer(place: Place, text: str) -> tuple[int, IntType]:
    """Value and type of an integer constant (C11 6.4.4.1)."""
    body = text.lower().replace("'", "")
    digits = body.rstrip("ul")
    suffix = body[len(digits) :]
    if digits.startswith("0x"):
        value, decimal = int(digits, 16), False
    elif digits.startswith("0b"):
        value, decimal = int(digits, 2), False
    elif len(digits) > 1 and digits.startswith("0"):
        value, decimal = int(digits, 8), False
    else:
        value, decimal = int(digits or "0", 10), True
    chain = [(INT, 0), (UINT, 0), (LONG, 1), (ULONG, 1), (LLONG, 2), (ULLONG, 2)]
    unsigned, longs = "u" in suffix, suffix.count("l")
    for ctype, length in chain:
        if length < longs or (unsigned and ctype.signed) or (decimal and not unsigned and not ctype.signed):
            continue
        if ctype.wrap(value) == value:
            return value, ctype
    raise CompileError(place, f"integer constant {text} does not fit in 64 bits")


def _units(place: Place, body: str, unit: int) -> list[int]:
    """Code units of `unit` bytes for the text between quotes."""
    out: list[int] = []
    at = 0
    while at < len(body):
        if body[at] != "\\":
            out += _encode(body[at], unit)
            at += 1
            continue
        match = _ESCAPE.match(body, at)
        if match is None:
            raise CompileError(place, "escape sequence without an end")
        hexa, octal, short, long, plain = match.groups()
        if hexa or octal:
            value = int(hexa, 16) if hexa else int(octal, 8)
            if value >> (8 * unit):
                raise CompileError(place, f"escape sequence '{match.group()}' does not fit the character type")
            out.append(value)
        elif short or long:
            out += _encode(chr(int(short or long, 16)), unit)
        elif plain in ESCAPES:
            out.append(ESCAPES[plain])
        elif plain in "\\'\"?":
            out.append(ord(plain))
        else:
            raise CompileError(place, f"unknown escape sequence '\\{plain}'")
        at = match.end()
    return out


def _encode(text: str, unit: int) -> list[int]:
    raw = text.encode({1: "utf-8", 2: "utf-16-le", 4: "utf-32-le"}[unit])
    return [int.from_bytes(raw[at : at + unit], "little") for at in range(0, len(raw), unit)]


def character(place: Place, text: str) -> tuple[int, IntType]:
    """Value and type of a character constant; a plain one has type int and char is unsigned."""
    prefix, body = text[: text.index("'")], text[text.index("'") + 1 : -1]
    ctype = {"": INT, "L": INT, "u": USHORT, "U": UINT, "u8": INT}[prefix]
    units = _units(place, body, 1 if prefix in ("", "u8") else ctype.size)
    if len(units) != 1:
        raise CompileError(place, f"character constant {text} holds {len(units)} characters", "one character")
    return units[0], ctype


def string(place: Place, text: str) -> tuple[bytes, IntType]:
    """Bytes (with the terminator) and element type of adjacent string literals."""
    parts = _QUOTED.findall(text)
    prefixes = {prefix for prefix, _ in parts if prefix} or {""}
    if len(prefixes) > 1:
        raise CompileError(place, "adjacent string literals with different prefixes")
    ctype = {"": CHAR, "u8": CHAR, "u": USHORT, "U": UINT, "L": INT}[prefixes.pop()]
    units = [unit for _, body in parts for unit in _units(place, body, ctype.size)] + [0]
    return b"".join(unit.to_bytes(ctype.size, "little") for unit in units), ctype
