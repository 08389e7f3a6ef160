"""Directives: those that put data, steer sections and options, or say something about symbols."""

import re
from collections.abc import Callable

from cosim.toolchain.builder import Builder, usual_flags
from cosim.toolchain.expression import Binary, Constant, Expr, Name
from cosim.toolchain.objectfile import Align, Fixup, Skip
from cosim.toolchain.source import AsmError, Place, split_operands, unescape
from cosim.toolchain.suggest import did_you_mean

MAX_FILL = 1 << 24
"""Bytes: a longer filling is taken for a mistake."""
_STRING = re.compile(r'"((?:\\.|[^"\\])*)"', re.DOTALL)
Handler = Callable[[Builder, str, Place], None]


def run_directive(builder: Builder, name: str, rest: str, place: Place) -> None:
    """Carry out one directive at the builder's current place."""
    handler = DIRECTIVES.get(name.lower())
    if handler is None:
        raise AsmError(place, f'unknown directive "{name}"{did_you_mean(name, DIRECTIVES)}')
    handler(builder, rest, place)


# Data


def _data(size: int) -> Handler:
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


def _text(end: bytes) -> Handler:
    def emit(builder: Builder, rest: str, place: Place) -> None:
        for text in split_operands(rest):
            strings = list(_STRING.finditer(text))
            if not strings or _STRING.sub("", text).strip():
                raise AsmError(place, f"{text} is no string; write it in double quotes")
            builder.emit(b"".join(unescape(match[1]) for match in strings) + end, place)

    return emit


def _fill(builder: Builder, rest: str, place: Place) -> None:
    """`.fill count, size, value`"""
    texts = split_operands(rest)
    if not 1 <= len(texts) <= 3:
        raise AsmError(place, 'write it as ".fill count, size, value"')
    size, value = (builder.constant(text, place) for text in (texts[1:] + ["1", "0"][len(texts) - 1 :]))
    if not 0 <= size <= 8:
        raise AsmError(place, f"a unit of {size} bytes; must be 0 to 8")
    _repeat(builder, texts[0], size, value, place)


def _space(builder: Builder, rest: str, place: Place) -> None:
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


def _chericap(builder: Builder, rest: str, place: Place) -> None:
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


# Places and sections


def _align(power: bool) -> Handler:
    def emit(builder: Builder, rest: str, place: Place) -> None:
        texts = split_operands(rest)
        if not 1 <= len(texts) <= 3:
            raise AsmError(place, "write the alignment, then if wanted the filling and a limit")
        boundary = builder.constant(texts[0], place)
        if power and not 0 <= boundary <= 24:
            raise AsmError(place, f"alignment to 2**{boundary}; the exponent must be 0 to 24")
        boundary = 1 << boundary if power else max(boundary, 1)
        if boundary & boundary - 1:
            raise AsmError(place, f"alignment to {boundary} bytes; must be a power of two")
        fill = builder.constant(texts[1], place) if len(texts) > 1 and texts[1] else None
        limit = builder.constant(texts[2], place) if len(texts) > 2 else None
        if fill is None and not builder.section.is_code:
            fill = 0
        builder.append(Align(boundary, fill, limit, place))

    return emit


def _org(builder: Builder, rest: str, place: Place) -> None:
    """`.org place, value`: go forward to an offset of the section, or to a label's place plus a number."""
    texts = split_operands(rest)
    if not 1 <= len(texts) <= 2:
        raise AsmError(place, 'write it as ".org offset, value"')
    value = builder.constant(texts[1], place) if len(texts) == 2 else 0
    target = builder.parse(texts[0], place)
    known = builder.known(target, place)
    builder.append(Skip(place, target=target if known is None else Constant(known), value=value))


def _section(builder: Builder, rest: str, place: Place) -> None:
    """`.section name, "flags", @progbits or @nobits`"""
    name, *more = split_operands(rest) or [""]
    name = name.strip('"')
    if not name:
        raise AsmError(place, "a section needs a name")
    flags, nobits = usual_flags(name), name == ".bss" or name.startswith(".bss.")
    if more:
        if not re.fullmatch(r'"[a-zA-Z]*"', more[0]):
            raise AsmError(place, f'section flags stand in double quotes, as in "aw"; here is {more[0]}')
        flags = "".join(flag for flag in "awx" if flag in more[0])
    if len(more) > 1:
        nobits = more[1] in ("@nobits", "%nobits")
    old = builder.object.sections.get(name)
    if more and old is not None and (old.flags, old.nobits) != (flags, nobits):
        raise AsmError(place, f'section {name} had the flags "{old.flags}" before, not "{flags}"')
    builder.enter_section(name, flags, nobits)


def _standard_section(name: str) -> Handler:
    def enter(builder: Builder, rest: str, place: Place) -> None:
        builder.enter_section(name, usual_flags(name), name == ".bss")

    return enter


def _push_section(builder: Builder, rest: str, place: Place) -> None:
    builder.section_stack.append(builder.section)
    _section(builder, rest, place)


def _pop_section(builder: Builder, rest: str, place: Place) -> None:
    if not builder.section_stack:
        raise AsmError(place, ".popsection without .pushsection")
    builder.section = builder.section_stack.pop()


def _option(builder: Builder, rest: str, place: Place) -> None:
    """Compression on or off. Relaxation needs no permission: no instruction is ever made longer than written."""
    option = rest.split(",")[0].strip()
    if option == "push":
        builder.option_stack.append(builder.compress)
    elif option == "pop":
        if not builder.option_stack:
            raise AsmError(place, ".option pop without .option push")
        builder.compress = builder.option_stack.pop()
    elif option in ("rvc", "norvc"):
        builder.compress = option == "rvc"
    elif option not in ("relax", "norelax", "pic", "nopic", "arch", "capmode", "nocapmode"):
        raise AsmError(place, f'unknown option "{option}"; there are rvc, norvc, push, pop, relax, norelax')


# Symbols


def _binding(binding: str) -> Handler:
    def bind(builder: Builder, rest: str, place: Place) -> None:
        for name in split_operands(rest):
            builder.symbol(name, place).binding = binding

    return bind


def _hidden(builder: Builder, rest: str, place: Place) -> None:
    for name in split_operands(rest):
        builder.symbol(name, place).hidden = True


def _type(builder: Builder, rest: str, place: Place) -> None:
    """`.type symbol, @function or @object`"""
    match = re.fullmatch(r"([\w.$]+)\s*,\s*[@%]?(function|object|notype)", rest)
    if match is None:
        raise AsmError(place, 'write it as ".type symbol, @function" or "@object"')
    builder.symbol(match[1], place).kind = match[2]


def _size(builder: Builder, rest: str, place: Place) -> None:
    """`.size symbol, expression`"""
    texts = split_operands(rest)
    if len(texts) != 2:
        raise AsmError(place, 'write it as ".size symbol, expression"')
    builder.symbol(texts[0], place).size = builder.parse(texts[1], place)


def _set(builder: Builder, rest: str, place: Place) -> None:
    """`.set symbol, expression`"""
    texts = split_operands(rest)
    if len(texts) != 2:
        raise AsmError(place, 'write it as ".set symbol, expression"')
    builder.assign(texts[0], texts[1], place)


def _common(binding: str) -> Handler:
    """`.comm symbol, size, alignment`: room in .bss."""

    def reserve(builder: Builder, rest: str, place: Place) -> None:
        texts = split_operands(rest)
        if not 2 <= len(texts) <= 3:
            raise AsmError(place, 'write it as ".comm symbol, size, alignment"')
        before = builder.section
        builder.enter_section(".bss", "aw", True)
        builder.append(Align(builder.constant(texts[2], place) if len(texts) == 3 else 8, 0, None, place))
        builder.label(texts[0], place)
        symbol = builder.symbol(texts[0], place)
        symbol.binding, symbol.kind, symbol.size = binding, "object", builder.parse(texts[1], place)
        _space(builder, texts[1], place)
        builder.section = before

    return reserve


def _error(builder: Builder, rest: str, place: Place) -> None:
    raise AsmError(place, rest.strip('"') or ".error")


def _nothing(builder: Builder, rest: str, place: Place) -> None:
    """Says something to other tools only."""


DIRECTIVES: dict[str, Handler] = {
    **dict.fromkeys((".byte",), _data(1)),
    **dict.fromkeys((".half", ".2byte", ".short", ".hword"), _data(2)),
    **dict.fromkeys((".word", ".long", ".4byte", ".int"), _data(4)),
    **dict.fromkeys((".quad", ".8byte", ".dword"), _data(8)),
    ".ascii": _text(b""),
    **dict.fromkeys((".asciz", ".string"), _text(b"\0")),
    ".fill": _fill,
    **dict.fromkeys((".space", ".skip", ".zero"), _space),
    ".chericap": _chericap,
    **dict.fromkeys((".p2align", ".align"), _align(power=True)),
    ".balign": _align(power=False),
    ".org": _org,
    ".section": _section,
    ".pushsection": _push_section,
    ".popsection": _pop_section,
    **{name: _standard_section(name) for name in (".text", ".data", ".rodata", ".bss")},
    ".option": _option,
    **dict.fromkeys((".globl", ".global"), _binding("global")),
    ".local": _binding("local"),
    ".weak": _binding("weak"),
    **dict.fromkeys((".hidden", ".protected", ".internal"), _hidden),
    ".type": _type,
    ".size": _size,
    **dict.fromkeys((".set", ".equ"), _set),
    ".comm": _common("global"),
    ".lcomm": _common("local"),
    ".error": _error,
    **dict.fromkeys((".attribute", ".ident", ".file", ".loc", ".addrsig", ".cfi_sections"), _nothing),
}
