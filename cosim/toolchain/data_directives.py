"""Directives that put data: numbers, strings, fillings, capabilities made by start-up code."""

import re
from collections.abc import Callable

from cosim.toolchain.builder import Builder
from cosim.toolchain.expression import Binary, Expr, Name
from cosim.toolchain.objectfile import Align, Fixup, Skip
from cosim.toolchain.source import AsmError, Place, split_operands, unescape

MAX_FILL = 1 << 24
"""Bytes: a longer filling is taken for a mistake."""
_STRING = re.compile(r'"((?:\\.|[^"\\])*)"', re.DOTALL)
Handler = Callable[[Builder, str, Place], None]


def numbers(size: int) -> Handler:
    """`.word a, b` and the like: numbers of `size` bytes."""

    def emit(builder: Builder, rest: str, place: Place) -> None:
        for text in split_operands(rest):
            expr = builder.parse(text, place)
            value = builder.known(expr, place)
            if value is None:
                builder.emit(bytes(size), place, fixups=(Fixup(0, size, expr, place),))
            else:
                builder.emit(data_bytes(value, size, place), place)

    return emit


def data_bytes(value: int, size: int, place: Place) -> bytes:
    """A number as `size` bytes; it may be meant signed or unsigned."""
    if not -(1 << size * 8 - 1) <= value < 1 << size * 8:
        raise AsmError(place, f"{value:#x} does not fit into {size} byte{'s' * (size > 1)}")
    return (value & (1 << size * 8) - 1).to_bytes(size, "little")


def strings(end: bytes) -> Handler:
    """`.ascii "a", "b"` and the like: the bytes of each string, then `end`."""

    def emit(builder: Builder, rest: str, place: Place) -> None:
        for operand in split_operands(rest):
            quoted = list(_STRING.finditer(operand))
            if not quoted or _STRING.sub("", operand).strip():
                raise AsmError(place, f"{operand} is no string; write it in double quotes")
            builder.emit(b"".join(unescape(match[1]) for match in quoted) + end, place)

    return emit


def fill(builder: Builder, rest: str, place: Place) -> None:
    """`.fill count, size, value`"""
    texts = split_operands(rest)
    if not 1 <= len(texts) <= 3:
        raise AsmError(place, 'write it as ".fill count, size, value"')
    size, value = (builder.constant(text, place) for text in (texts[1:] + ["1", "0"][len(texts) - 1 :]))
    if not 0 <= size <= 8:
        raise AsmError(place, f"a unit of {size} bytes; must be 0 to 8")
    _repeat(builder, texts[0], size, value, place)


def space(builder: Builder, rest: str, place: Place) -> None:
    """`.space count, value`"""
    texts = split_operands(rest)
    if not 1 <= len(texts) <= 2:
        raise AsmError(place, 'write it as ".space count, value"')
    _repeat(builder, texts[0], 1, builder.constant(texts[1], place) if len(texts) == 2 else 0, place)


def _repeat(builder: Builder, count_text: str, unit: int, value: int, place: Place) -> None:
    count = builder.parse(count_text, place)
    known = builder.known(count, place)
    if known is None:
        builder.append(Skip(place, count=count, unit=unit, value=value))
        return
    if not 0 <= known * unit <= MAX_FILL:
        raise AsmError(place, f"{known * unit} bytes; must be 0 to {MAX_FILL}")
    builder.emit(data_bytes(value & (1 << unit * 8) - 1, unit, place) * known if unit else b"", place)


def chericap(builder: Builder, rest: str, place: Place) -> None:
    """`.chericap symbol[+offset], ...`: capabilities that start-up code makes; a number is stored untagged."""
    for text in split_operands(rest):
        expr = builder.parse(text, place)
        value = builder.known(expr, place)
        if value is not None:
            builder.append(Align(8, 0, None, place))
            builder.emit(data_bytes(value, 4, place) + bytes(4), place)
            continue
        symbol, addend = _symbol_and_addend(builder, expr, text, place)
        builder.emit_slot(symbol, addend, place)


def _symbol_and_addend(builder: Builder, expr: Expr, text: str, place: Place) -> tuple[str, int]:
    if isinstance(expr, Name):
        return expr.name, 0
    if isinstance(expr, Binary) and expr.op in "+-" and isinstance(expr.left, Name):
        addend = builder.known(expr.right, place)
        if addend is not None:
            return expr.left.name, addend if expr.op == "+" else -addend
    raise AsmError(place, f'"{text}" must be a symbol, or a symbol plus or minus a number')
