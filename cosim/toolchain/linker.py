"""The linker: objects to an image. `layout` says where, `symbols` what names mean, `contents` puts the bytes."""

from cosim.errors import UserError
from cosim.toolchain.contents import fill_sections, record_section
from cosim.toolchain.image import Image, ImageSection, ImageSymbol, Origin
from cosim.toolchain.layout import Layout, Output, output_name
from cosim.toolchain.objectfile import HIDDEN, Align, Bytes, Choice, Object, Section, Spot
from cosim.toolchain.source import Place
from cosim.toolchain.symbols import Symbols
from rtl.config import Region


def link(objects: list[Object], memory: Region, *, base: int | None = None, entry: str = "_start") -> Image:
    """Lay out the objects' sections in `memory` from `base` (default: its start) on and resolve every reference.

    Raises UserError: undefined or repeated symbols, targets out of reach, an image that does not fit.
    """
    base = memory.base if base is None else base
    if base not in memory:
        raise UserError(f"image base {base:#x} is not in memory {memory.base:#x}..{memory.end:#x}")
    homes = {section: obj for obj in objects for section in obj.sections.values()}
    records = record_section(homes)
    homes[records] = Object("linker")
    layout = Layout(list(homes), base)
    symbols = Symbols(homes, layout, memory)
    layout.settle(symbols.value)
    _check_fit(layout, memory)
    data = fill_sections(symbols, records)
    outputs = [image_section(output, layout, homes, data) for output in layout.outputs]
    return Image(
        entry=_entry(symbols, entry),
        sections=[section for section in outputs if section.size],
        symbols=image_symbols(symbols),
        origins=line_origins(layout),
        sources={file: lines for obj in objects for file, lines in obj.sources.items()},
    )


def _check_fit(layout: Layout, memory: Region) -> None:
    end = layout.globals.end
    if end > memory.end:
        raise UserError(
            f"the image does not fit: it ends at {end:#x}, {end - memory.end} bytes past the memory"
            f" {memory.base:#x}..{memory.end:#x}"
        )


def _entry(symbols: Symbols, name: str) -> int:
    place = Place("entry", 0)
    for obj in symbols.objects:
        if name in symbols.globals or (name in obj.symbols and obj.symbols[name].value is not None):
            return symbols.address(obj, name, place)
    raise UserError(f'no symbol "{name}" to start at; define it, or name another entry')


def image_section(
    output: Output, layout: Layout, homes: dict[Section, Object], data: dict[Section, bytearray]
) -> ImageSection:
    contents, inputs = bytearray(), []
    for section in output.inputs:
        start = layout.section_addresses[section]
        size = sum(layout.sizes[fragment] for fragment in section.fragments)
        inputs.append((f"{homes[section].name}({section.name})", start, size))
        if not section.nobits:
            contents += bytes(start - output.address - len(contents)) + data[section]
    flags = "".join(flag for flag in "awx" if any(flag in section.flags for section in output.inputs))
    size = output.end - output.address
    return ImageSection(output.name, flags, output.address, size, output.alignment, contents, inputs)


def image_symbols(symbols: Symbols) -> list[ImageSymbol]:
    """What the sources name and define, `.L` names excepted; then the linker's."""
    found = []
    for obj in symbols.objects:
        for name, symbol in obj.symbols.items():
            overridden = symbol.binding != "local" and symbols.globals.get(name, (obj, symbol))[1] is not symbol
            if HIDDEN in name or name.startswith(".L") or symbol.value is None or overridden:
                continue
            section = symbol.value.section if isinstance(symbol.value, Spot) else None
            if section is not None and section not in symbols.layout.section_addresses:
                continue
            address = symbols.address(obj, name, symbol.place) & 0xFFFF_FFFF
            home = None if section is None else output_name(section.name)
            size = symbols.size(obj, symbol)
            found.append(ImageSymbol(name, address, size, symbol.kind, symbol.binding, home))
    return found + [
        ImageSymbol(name, value, 0, "notype", "global", None)
        for name, value in symbols.of_linker().items()
        if name not in symbols.globals
    ]


def line_origins(layout: Layout) -> list[Origin]:
    found = []
    for output in layout.outputs:
        for section in output.inputs:
            for fragment in section.fragments:
                start = layout.addresses[fragment]
                if isinstance(fragment, Bytes):
                    found += [Origin(start + mark.offset, mark.is_code, mark.place) for mark in fragment.marks]
                elif isinstance(fragment, Choice):
                    found.append(Origin(start, True, fragment.place))
                elif layout.sizes[fragment]:
                    nops = isinstance(fragment, Align) and fragment.fill is None and start % 2 == 0
                    found.append(Origin(start, nops, fragment.place))
    return found
