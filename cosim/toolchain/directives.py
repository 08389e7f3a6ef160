"""Directives that steer sections and options or say something about symbols, and the table of all."""

import re

from cosim.toolchain.builder import Builder, usual_flags
from cosim.toolchain.data_directives import Handler, chericap, fill, numbers, space, strings
from cosim.toolchain.expression import Constant
from cosim.toolchain.objectfile import Align, Skip
from cosim.toolchain.source import AsmError, Place, split_operands
from cosim.toolchain.suggest import did_you_mean


def run_directive(builder: Builder, name: str, rest: str, place: Place) -> None:
    """Carry out one directive at the builder's current place."""
    handler = DIRECTIVES.get(name.lower())
    if handler is None:
        raise AsmError(place, f'unknown directive "{name}"{did_you_mean(name, DIRECTIVES)}')
    handler(builder, rest, place)


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
        space(builder, texts[1], place)
        builder.section = before

    return reserve


def _error(builder: Builder, rest: str, place: Place) -> None:
    raise AsmError(place, rest.strip('"') or ".error")


def _nothing(builder: Builder, rest: str, place: Place) -> None:
    """Says something to other tools only."""


DIRECTIVES: dict[str, Handler] = {
    **dict.fromkeys((".byte",), numbers(1)),
    **dict.fromkeys((".half", ".2byte", ".short", ".hword"), numbers(2)),
    **dict.fromkeys((".word", ".long", ".4byte", ".int"), numbers(4)),
    **dict.fromkeys((".quad", ".8byte", ".dword"), numbers(8)),
    ".ascii": strings(b""),
    **dict.fromkeys((".asciz", ".string"), strings(b"\0")),
    ".fill": fill,
    **dict.fromkeys((".space", ".skip", ".zero"), space),
    ".chericap": chericap,
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
