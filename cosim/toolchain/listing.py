"""Listings for people: disassembly with labels and sources, and the linker's map."""

from collections.abc import Iterator

from cosim.toolchain.elf_reader import ElfFile, Names
from cosim.toolchain.image import Image, Origin
from rtl.isa.disassembler import disassemble, size

_TEXT_COLUMN = 44


def disassembly(elf: ElfFile, image: Image | None = None) -> Iterator[str]:
    """Lines of the executable segments; with the image that was linked, every line names its source."""
    origins = {origin.address: origin for origin in image.origins} if image else {}
    labels: dict[int, list[str]] = {}
    for symbol in elf.symbols:
        labels.setdefault(symbol.address, []).append(symbol.name)
    names = Names(elf.symbols)
    for segment in elf.segments:
        if "x" not in segment.flags:
            continue
        yield f"# {segment.address:#010x}..{segment.address + segment.size:#010x} {segment.flags}"
        zeros = False
        for address, bits, width, is_code in _units(elf, segment.address, segment.data):
            repeats, zeros = zeros and bits == 0 and address not in labels, bits == 0
            if repeats:
                continue
            for label in labels.get(address, ()):
                yield f"\n{address:08x} <{label}>:"
            text = disassemble(bits, address, names) if is_code else f".{_DATA[width]} {bits:#0{2 * width + 2}x}"
            line = f"{address:08x}: {bits:0{2 * width}x}{'':{10 - 2 * width}}{text}"
            yield f"{line:{_TEXT_COLUMN}}{_source(origins.get(address), image)}".rstrip()


_DATA = {1: "byte", 2: "half", 4: "word"}


def _units(elf: ElfFile, start: int, data: bytes) -> Iterator[tuple[int, int, int, bool]]:
    """Address, bits, width in bytes, and whether it is code, of every instruction and every piece of data."""
    marks = [mark for mark in elf.mapping if start <= mark[0] < start + len(data)] or [(start, True)]
    edges = [address - start for address, _ in marks[1:]] + [len(data)]
    position = 0
    for (first, is_code), end in zip(marks, edges, strict=True):
        position = max(position, first - start)
        while position < end:
            low = int.from_bytes(data[position : position + 2], "little")
            wanted = (size(low), 2) if is_code else [w for w in (4, 2) if (start + position) % w == 0]
            width = next((w for w in wanted if w <= end - position), 1)
            yield start + position, int.from_bytes(data[position : position + width], "little"), width, is_code
            position += width


def _source(origin: Origin | None, image: Image | None) -> str:
    if origin is None or image is None:
        return ""
    place = origin.place.used_at or origin.place
    lines = image.sources.get(place.file, [])
    text = lines[place.line - 1].strip() if 0 < place.line <= len(lines) else ""
    return f"  # {place}: {text}"


def link_map(image: Image) -> Iterator[str]:
    """Lines of the linker map: sections, what they were made of, and symbols by address."""
    yield f"entry {image.entry:#010x}"
    for section in image.sections:
        yield f"\n{section.address:#010x} {section.size:#8x} {section.flags:4}{section.name}"
        for name, address, length in section.inputs:
            if length:
                yield f"{address:#010x} {length:#8x}     {name}"
    yield "\nsymbols"
    for symbol in sorted(image.symbols, key=lambda symbol: (symbol.address, symbol.name)):
        yield f"{symbol.address:#010x} {symbol.size:#8x} {symbol.binding:7}{symbol.kind:9}{symbol.name}"
