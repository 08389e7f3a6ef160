"""The object under construction: the current section, symbols, and what is known of their values."""

import re
from dataclasses import replace

from cosim.toolchain.expression import Constant, Expr, Name, Unresolved, evaluate, parse_expression
from cosim.toolchain.objectfile import (
    HIDDEN,
    Align,
    Bytes,
    CapabilitySlot,
    Choice,
    Fixup,
    Fragment,
    Mark,
    Object,
    Section,
    Spot,
    Symbol,
)
from cosim.toolchain.source import AsmError, Place

_LOCAL = re.compile(r"(\d+)([bf])")
_USUAL_FLAGS = ((".text", "ax"), (".rodata", "a"), (".init_array", "aw"), (".data", "aw"), (".bss", "aw"))


def usual_flags(name: str) -> str:
    """Flags of a section that the source gives none: those of the standard section whose name it extends."""
    return next((flags for start, flags in _USUAL_FLAGS if name == start or name.startswith(start + ".")), "a")


class Builder:
    """Appends code and data to sections. Options in force (`compress`) apply to what is added next."""

    def __init__(self, name: str):
        self.object = Object(name)
        self.compress = True
        self._local_counts: dict[str, int] = {}
        self._places = 0
        self.section_stack: list[Section] = []
        self.option_stack: list[bool] = []
        self.section = self.enter_section(".text", "ax", False)

    # Sections and contents

    def enter_section(self, name: str, flags: str, nobits: bool) -> Section:
        """Make a section the current one; a new one gets the flags."""
        section = self.object.sections.setdefault(name, Section(name, flags, nobits))
        self.section = section
        return section

    def _bytes(self) -> Bytes:
        fragments = self.section.fragments
        if not fragments or not isinstance(fragments[-1], Bytes):
            fragments.append(Bytes())
        return fragments[-1]

    def here(self) -> Spot:
        """The current place."""
        fragment = self._bytes()
        return Spot(self.section, fragment, len(fragment.data))

    def append(self, fragment: Fragment) -> None:
        """Add a fragment whose size the linker decides."""
        self.section.fragments.append(fragment)
        if isinstance(fragment, Align):
            self.section.alignment = max(self.section.alignment, fragment.boundary)
        elif isinstance(fragment, Choice):
            self.align_code()

    def align_code(self) -> None:
        self.section.alignment = max(self.section.alignment, 2)

    def emit(self, data: bytes, place: Place, *, is_code: bool = False, fixups: tuple[Fixup, ...] = ()) -> None:
        """Add bytes; offsets of `fixups` count from their start."""
        if self.section.nobits and any(data):
            raise AsmError(place, f"section {self.section.name} holds no contents; only zeros may be put there")
        fragment = self._bytes()
        start = len(fragment.data)
        last = fragment.marks[-1] if fragment.marks else None
        if is_code or last is None or last.is_code or last.place != place:
            fragment.marks.append(Mark(start, is_code, place))
        fragment.fixups += [replace(fixup, offset=start + fixup.offset) for fixup in fixups]
        fragment.data += data
        if is_code:
            self.align_code()

    def emit_slot(self, symbol: str, addend: int, place: Place) -> None:
        """Add the room of a capability that start-up code makes, aligned to it."""
        self.append(Align(8, 0, None, place))
        fragment = self._bytes()
        fragment.slots.append(CapabilitySlot(len(fragment.data), symbol, addend, place))
        self.emit(bytes(8), place)

    # Symbols

    def symbol(self, name: str, place: Place) -> Symbol:
        """The symbol of that name, noted as mentioned if it is new."""
        return self.object.symbols.setdefault(name, Symbol(name, place))

    def label(self, name: str, place: Place) -> None:
        if name.isdigit():
            count = self._local_counts[name] = self._local_counts.get(name, 0) + 1
            name = f"{name}{HIDDEN}{count}"
        symbol = self.symbol(name, place)
        if symbol.value is not None:
            raise AsmError(place, f'"{name}" is already defined at {symbol.place}')
        symbol.place, symbol.value = place, self.here()

    def assign(self, name: str, text: str, place: Place) -> None:
        """`.set`: a later assignment of a constant replaces the earlier."""
        symbol = self.symbol(name, place)
        if isinstance(symbol.value, Spot):
            raise AsmError(place, f'"{name}" is already a label at {symbol.place}')
        expr = self.parse(text, place)
        symbol.place = place
        try:
            symbol.value = evaluate(expr, self.lookup, place)
        except Unresolved:
            symbol.value = expr

    def defined(self, name: str) -> bool:
        return name in self.object.symbols and self.object.symbols[name].value is not None

    # Expressions

    def parse(self, text: str, place: Place) -> Expr:
        """The tree of an expression, with the current place and local labels bound to where it stands."""

        def name(token: str) -> Expr:
            if token == ".":
                self._places += 1
                hidden = f"{HIDDEN}{self._places}"
                self.object.symbols[hidden] = Symbol(hidden, place, self.here())
                return Name(hidden)
            if match := _LOCAL.fullmatch(token):
                count = self._local_counts.get(match[1], 0) + (match[2] == "f")
                if count == 0:
                    raise AsmError(place, f'no label "{match[1]}:" stands before this')
                return Name(self.symbol(f"{match[1]}{HIDDEN}{count}", place).name)
            symbol = self.symbol(token, place)
            # a constant may be assigned again later, and what is used here is its present value
            return Constant(symbol.value, named=True) if isinstance(symbol.value, int) else Name(token)

        return parse_expression(text, place, name)

    def lookup(self, name: str) -> int | Spot:
        value = self.object.symbols[name].value
        if value is None or not isinstance(value, int | Spot):
            raise Unresolved(name)
        return value

    def known(self, expr: Expr, place: Place) -> int | None:
        """The value if it is known already: no address takes part, or only distances that are fixed."""
        try:
            value = evaluate(expr, self.lookup, place)
        except Unresolved:
            return None
        return value if isinstance(value, int) else None

    def constant(self, text: str, place: Place) -> int:
        """The value of an expression that must be known here."""
        value = self.known(self.parse(text, place), place)
        if value is None:
            raise AsmError(place, f'"{text}" must be known at this point; it depends on an address or a later symbol')
        return value
