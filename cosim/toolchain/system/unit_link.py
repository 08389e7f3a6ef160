"""Links one unit: its code region and its globals at given addresses. Nothing refers to another unit.

References go through the import table, whose slots are symbols here, and through the few addresses of the system that
the builder hands in as `constants` (weak: a unit's own symbol of the same name wins).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cosim.errors import UserError
from cosim.toolchain.assembler import assemble
from cosim.toolchain.contents import section_contents
from cosim.toolchain.expression import Constant, Unresolved
from cosim.toolchain.image import ImageSection, ImageSymbol, Origin
from cosim.toolchain.layout import Layout
from cosim.toolchain.linker import image_section, image_symbols, line_origins
from cosim.toolchain.objectfile import Bytes, Object, Section, Symbol
from cosim.toolchain.source import Place
from cosim.toolchain.symbols import Symbols
from rtl.config import Region
from rtos_model.machine.capability import alignment_mask, representable_length

NOT_LOADED = ("__lines", ".rodata.names")
"""Sections for reports, which stay on the host."""
SEALED_SECTION = ".sealed."
"""Start of the names of sections with static sealed objects, which go where the description's go."""
GRANULE = 8


@dataclass(slots=True)
class Linked:
    """A unit in memory. Sizes are padded so that one capability covers each region exactly."""

    name: str
    code: tuple[int, int]
    """Start and size."""
    data: tuple[int, int]
    initialised: int
    """Bytes of data that the image holds; the rest is zero."""
    globals_pointer: int
    sections: list[ImageSection]
    symbols: list[ImageSymbol]
    origins: list[Origin]
    records: list[bytes]
    lines: list[tuple[int, str, int]] = field(default_factory=list)
    """Address, file, line of code."""

    def find(self, name: str) -> ImageSymbol | None:
        return next((symbol for symbol in self.symbols if symbol.name == name), None)


def padded(size: int) -> tuple[int, int]:
    """Size and alignment of a region whose bounds are exact and that holds whole capabilities."""
    length = representable_length(-(-size // GRANULE) * GRANULE)
    return length, max(GRANULE, (~alignment_mask(length) & 0xFFFF_FFFF) + 1)


def link_unit(
    name: str,
    objects: list[Object],
    table: str,
    code: int,
    globals_at: int,
    constants: Mapping[str, int],
    is_library: bool,
) -> Linked:
    """Link for these addresses. `table` is the assembly text of the import table, which comes first.

    Raises UserError: undefined or repeated symbols, a library with globals.
    """
    head = assemble(table, f"{name} import table")
    objects = [head, *objects, _constants(constants)]
    homes = {section: obj for obj in objects for section in obj.sections.values() if _is_loaded(section)}
    layout = Layout(list(homes), code, globals_at)
    symbols = Symbols(homes | {s: o for o in objects for s in o.sections.values()}, layout, Region(base=0, size=0))
    layout.settle(symbols.value)
    data, records = section_contents(symbols)
    sections = [image_section(output, layout, homes, data) for output in layout.outputs]
    sections = [section for section in sections if section.size]
    for section in sections:
        section.name = f"{name}{section.name}"
    if is_library and layout.globals.end > layout.globals.address:
        culprit = next(s for s in homes if "w" in s.flags and any(layout.sizes.get(f) for f in s.fragments))
        raise UserError(
            f"{homes[culprit].name}: library {name!r} has a global ({culprit.name}); libraries have none: "
            "make it const, or pass it in"
        )
    held = [section.end for section in sections if "w" in section.flags and section.data]
    return Linked(
        name,
        (code, padded(layout.text.end - code)[0]),
        (layout.globals.address, padded(layout.globals.end - layout.globals.address)[0]),
        max(held, default=layout.globals.address) - layout.globals.address,
        layout.globals_pointer,
        sections,
        [symbol for symbol in image_symbols(symbols) if symbol.section is not None],
        line_origins(layout),
        records,
        _lines(objects, symbols),
    )


def _is_loaded(section: Section) -> bool:
    return section.name not in NOT_LOADED and not section.name.startswith(SEALED_SECTION)


def _constants(values: Mapping[str, int]) -> Object:
    place, found = Place("system", 0), Object("system")
    found.sections["constants"] = Section("constants", "", False)
    for name, value in values.items():
        found.symbols[name] = Symbol(name, place, value, "weak", "notype", Constant(0))
    return found


def _lines(objects: list[Object], symbols: Symbols) -> list[tuple[int, str, int]]:
    """What the compiler's line records say: pairs (address, line), a function's name instead of a line as its head."""
    found = []
    for obj in objects:
        section: Section | None = obj.sections.get("__lines")
        for fragment in section.fragments if section else ():
            if not isinstance(fragment, Bytes):
                continue
            for fixup in fragment.fixups:
                if fixup.offset % 8:
                    continue
                line = int.from_bytes(fragment.data[fixup.offset + 4 : fixup.offset + 8], "little")
                if not line:  # the second word is a fixup of its own: the function's name
                    continue
                try:
                    found.append((symbols.value_in(obj, fixup.expr, fixup.place), obj.name, line))
                except Unresolved:
                    continue
    return sorted(found)
