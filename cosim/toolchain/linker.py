"""The linker: objects to an image. Symbols are resolved here; `layout` says where, `contents` puts the bytes."""

from cosim.errors import UserError
from cosim.toolchain.contents import CAP_RELOCS, fill_sections, record_section
from cosim.toolchain.expression import Expr, Unresolved, evaluate
from cosim.toolchain.image import Image, ImageSection, ImageSymbol, Origin
from cosim.toolchain.layout import Layout, output_name
from cosim.toolchain.objectfile import HIDDEN, Align, Bytes, Choice, Object, Section, Spot, Symbol
from cosim.toolchain.source import AsmError, Place
from cosim.toolchain.suggest import did_you_mean
from rtl.config import Region

LINKER = Place("linker", 0)


def link(objects: list[Object], memory: Region, *, base: int | None = None, entry: str = "_start") -> Image:
    """Lay out the objects' sections in `memory` from `base` (default: its start) on and resolve every reference.

    Raises UserError: undefined or repeated symbols, targets out of reach, an image that does not fit.
    """
    return _Link(objects, memory, memory.base if base is None else base).image(entry)


class _Link:
    def __init__(self, objects: list[Object], memory: Region, base: int):
        if base not in memory:
            raise UserError(f"image base {base:#x} is not in memory {memory.base:#x}..{memory.end:#x}")
        self.objects, self.memory = objects, memory
        self.homes = {section: obj for obj in objects for section in obj.sections.values()}
        self.globals = self._global_symbols()
        self.records = record_section(self.homes)
        self.layout = Layout([*self.homes, self.records], base)
        self.homes[self.records] = Object("linker")
        self.visiting: list[str] = []

    def _global_symbols(self) -> dict[str, tuple[Object, Symbol]]:
        found: dict[str, tuple[Object, Symbol]] = {}
        for obj in self.objects:
            for name, symbol in obj.symbols.items():
                if symbol.binding == "local" or symbol.value is None:
                    continue
                other = found.get(name)
                if other and "weak" not in (symbol.binding, other[1].binding):
                    raise AsmError(symbol.place, f'"{name}" is already defined at {other[1].place}')
                if other is None or other[1].binding == "weak":
                    found[name] = obj, symbol
        return found

    def linker_symbols(self) -> dict[str, int]:
        """Symbols that no source defines."""
        layout = self.layout
        start = layout.section_addresses.get(self.records, 0)
        found = {
            "__text_start": layout.text.address,
            "__text_end": layout.text.end,
            "__globals_start": layout.globals.address,
            "__globals_end": layout.globals.end,
            "__globals_pointer": layout.globals_pointer,
            "__image_end": layout.globals.end,
            "__ram_start": self.memory.base,
            "__ram_end": self.memory.end,
            f"__start_{CAP_RELOCS}": start,
            f"__stop_{CAP_RELOCS}": start + sum(len(f.data) for f in self.records.fragments if isinstance(f, Bytes)),
        }
        for output in layout.outputs:
            if output.name.isidentifier():
                found.setdefault(f"__start_{output.name}", output.address)
                found.setdefault(f"__stop_{output.name}", output.end)
        return found

    # Values

    def value(self, section: Section, expr: Expr, place: Place) -> int:
        """The value of an expression in the object that owns the section."""
        return self.value_in(self.homes[section], expr, place)

    def value_in(self, obj: Object, expr: Expr, place: Place) -> int:
        value = evaluate(expr, lambda name: self.symbol_value(obj, name, place), place)
        if not isinstance(value, int):
            raise Unresolved("an address")
        return value

    def definition(self, obj: Object, name: str, place: Place) -> tuple[Object, Symbol] | None:
        """Where a name is defined, for a user in `obj`; None for the linker's own and undefined weak symbols."""
        symbol = obj.symbols.get(name)
        if symbol is not None and symbol.value is not None and symbol.binding == "local":
            return obj, symbol
        if name in self.globals:
            return self.globals[name]
        if name in self.linker_symbols() or (symbol is not None and symbol.binding == "weak"):
            return None
        if HIDDEN in name:
            raise AsmError(place, f'no label "{name.split(HIDDEN)[0]}:" follows')
        known = [*self.globals, *(other for other in obj.symbols if HIDDEN not in other and other != name)]
        raise AsmError(place, f'undefined symbol "{name}"{did_you_mean(name, known)}')

    def symbol_value(self, obj: Object, name: str, place: Place) -> int:
        found = self.definition(obj, name, place)
        if found is None:
            return self.linker_symbols().get(name, 0)
        home, symbol = found
        if isinstance(symbol.value, Spot):
            return self.layout.address(symbol.value)
        if isinstance(symbol.value, int):
            return symbol.value
        if name in self.visiting:
            raise AsmError(symbol.place, f'"{name}" is defined by itself')
        self.visiting.append(name)
        try:
            return self.value_in(home, symbol.value, symbol.place)
        finally:
            self.visiting.pop()

    def symbol_size(self, home: Object, symbol: Symbol) -> int:
        return 0 if symbol.size is None else self.value_in(home, symbol.size, symbol.place)

    # The image

    def image(self, entry: str) -> Image:
        self.layout.settle(self.value)
        if self.layout.globals.end > self.memory.end:
            end = self.layout.globals.end
            raise UserError(
                f"the image does not fit: it ends at {end:#x}, {end - self.memory.end} bytes past the memory"
                f" {self.memory.base:#x}..{self.memory.end:#x}"
            )
        if entry not in self.globals and not any(entry in obj.symbols for obj in self.objects):
            raise UserError(f'no symbol "{entry}" to start at; define it, or name another entry')
        home = self.globals[entry][0] if entry in self.globals else next(o for o in self.objects if entry in o.symbols)
        data = fill_sections(self)
        return Image(
            entry=self.symbol_value(home, entry, LINKER),
            sections=[section for output in self.layout.outputs if (section := self._section(output, data)).size],
            symbols=self._symbols(),
            origins=self._origins(),
            sources={file: lines for obj in self.objects for file, lines in obj.sources.items()},
        )

    def _section(self, output, data: dict[Section, bytearray]) -> ImageSection:
        contents, inputs = bytearray(), []
        for section in output.inputs:
            start = self.layout.section_addresses[section]
            size = sum(self.layout.sizes[fragment] for fragment in section.fragments)
            inputs.append((f"{self.homes[section].name}({section.name})", start, size))
            if not section.nobits:
                contents += bytes(start - output.address - len(contents)) + data[section]
        flags = "".join(flag for flag in "awx" if any(flag in section.flags for section in output.inputs))
        return ImageSection(
            output.name, flags, output.address, output.end - output.address, output.alignment, contents, inputs
        )

    def _symbols(self) -> list[ImageSymbol]:
        found = []
        for obj in self.objects:
            for symbol in obj.symbols.values():
                name = symbol.name
                winner = self.globals.get(name, (obj, symbol))[1] if symbol.binding != "local" else symbol
                if HIDDEN in name or name.startswith(".L") or symbol.value is None or winner is not symbol:
                    continue
                section = symbol.value.section if isinstance(symbol.value, Spot) else None
                if section is not None and section not in self.layout.section_addresses:
                    continue
                found.append(
                    ImageSymbol(
                        name,
                        self.symbol_value(obj, name, symbol.place) & 0xFFFF_FFFF,
                        self.symbol_size(obj, symbol),
                        symbol.kind,
                        symbol.binding,
                        None if section is None else output_name(section.name),
                    )
                )
        found += [
            ImageSymbol(name, value, 0, "notype", "global", None)
            for name, value in self.linker_symbols().items()
            if name not in self.globals
        ]
        return found

    def _origins(self) -> list[Origin]:
        found = []
        for output in self.layout.outputs:
            for section in output.inputs:
                for fragment in section.fragments:
                    start = self.layout.addresses[fragment]
                    if isinstance(fragment, Bytes):
                        found += [Origin(start + mark.offset, mark.is_code, mark.place) for mark in fragment.marks]
                    elif isinstance(fragment, Choice):
                        found.append(Origin(start, True, fragment.place))
                    elif self.layout.sizes[fragment]:
                        nops = isinstance(fragment, Align) and fragment.fill is None and start % 2 == 0
                        found.append(Origin(start, nops, fragment.place))
        return found
