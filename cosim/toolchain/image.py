"""A linked program: sections at their addresses, symbols, and where every byte came from."""

from dataclasses import dataclass, field
from itertools import groupby

from cosim.toolchain.source import Place


@dataclass(slots=True)
class ImageSection:
    """`data` is empty for a section without contents; `size` is what it occupies in memory."""

    name: str
    flags: str
    address: int
    size: int
    alignment: int
    data: bytearray
    inputs: list[tuple[str, int, int]] = field(default_factory=list)
    """What was merged, as (object and section, address, size)."""

    @property
    def end(self) -> int:
        return self.address + self.size


@dataclass(frozen=True, slots=True)
class Segment:
    """What a loader puts into memory at once: `data`, then zeros up to `size`; flags of "rwx"."""

    address: int
    data: bytes
    size: int
    flags: str


@dataclass(frozen=True, slots=True)
class ImageSymbol:
    """`section` is None for absolute values; `kind` and `binding` as in the assembler's directives."""

    name: str
    address: int
    size: int
    kind: str
    binding: str
    section: str | None


@dataclass(frozen=True, slots=True)
class Origin:
    """From `address` on stands code, or data, that came from a line."""

    address: int
    is_code: bool
    place: Place


@dataclass(slots=True)
class Image:
    """The result of the linker. `origins` are in the order of their addresses."""

    entry: int
    sections: list[ImageSection]
    symbols: list[ImageSymbol]
    origins: list[Origin]
    sources: dict[str, list[str]]

    def segments(self) -> list[Segment]:
        """Neighbours that are all writable, or all not, in one segment each."""
        found = []
        sections = sorted((section for section in self.sections if section.size), key=lambda section: section.address)
        for writable, group in groupby(sections, key=lambda section: "w" in section.flags):
            members = list(group)
            start, data = members[0].address, bytearray()
            for section in members:
                if section.data:
                    data += bytes(section.address - start - len(data)) + section.data
            found.append(Segment(start, bytes(data), members[-1].end - start, "rw" if writable else "rx"))
        return found

    def flat(self) -> bytes:
        """All contents from the lowest address on, gaps as zeros, trailing zero-filled memory left out."""
        segments = [segment for segment in self.segments() if segment.data]
        data = bytearray()
        for segment in segments:
            data += bytes(segment.address - segments[0].address - len(data)) + segment.data
        return bytes(data)

    def symbol(self, name: str) -> int:
        """The address of a symbol; raises KeyError."""
        return next(symbol.address for symbol in self.symbols if symbol.name == name)
