"""Writes an image as an ELF32 executable that loaders and binutils read.

Source: System V ABI; RISC-V psABI (attributes, mapping symbols $x and $d); flags as CHERIoT LLVM sets them.
"""

import struct

from cosim.toolchain.image import Image, ImageSymbol

HEADER_BYTES, PROGRAM_HEADER_BYTES, SECTION_HEADER_BYTES = 52, 32, 40
IDENT = b"\x7fELF" + bytes([1, 1, 1]) + bytes(9)  # 32 bit, little endian, version 1
EXECUTABLE, RISCV = 2, 243
FLAG_RVC, FLAG_RVE, FLAG_CHERI_ABI, FLAG_CAPABILITY_MODE = 0x1, 0x8, 0x1_0000, 0x2_0000
FLAGS = FLAG_RVC | FLAG_RVE | FLAG_CHERI_ABI | FLAG_CAPABILITY_MODE
LOAD = 1
SEGMENT_FLAGS = {"x": 1, "w": 2, "r": 4}
SECTION_FLAGS = {"w": 1, "a": 2, "x": 4}
PROGBITS, SYMTAB, STRTAB, NOBITS, ATTRIBUTES = 1, 2, 3, 8, 0x7000_0003
BINDINGS = {"local": 0, "global": 1, "weak": 2}
KINDS = {"notype": 0, "object": 1, "function": 2}
ABSOLUTE = 0xFFF1
ARCHITECTURE = "rv32e2p0_m2p0_c2p0_zicsr2p0_zifencei2p0_xcheriot1p0"
ATTRIBUTES_SECTION = ".riscv.attributes"
_FILE_ATTRIBUTES, _TAG_ARCHITECTURE = 1, 5


def write_elf(image: Image) -> bytes:
    """The file's bytes: one PT_LOAD per segment, then symbols with their sizes."""
    segments = image.segments()
    out = bytearray(HEADER_BYTES + PROGRAM_HEADER_BYTES * len(segments))
    programs, starts = [], []
    for segment in segments:
        out += bytes(-len(out) % 8)
        starts.append((segment.address, len(out)))
        flags = sum(SEGMENT_FLAGS[flag] for flag in segment.flags)
        file_bytes, size = len(segment.data), segment.size
        programs.append(
            struct.pack("<8I", LOAD, len(out), segment.address, segment.address, file_bytes, size, flags, 8)
        )
        out += segment.data
    out[HEADER_BYTES : HEADER_BYTES + PROGRAM_HEADER_BYTES * len(segments)] = b"".join(programs)
    sections = _Sections(out)
    for section in image.sections:
        address, offset = max(pair for pair in starts if pair[0] <= section.address)
        flags = sum(SECTION_FLAGS[flag] for flag in section.flags)
        kind = PROGBITS if section.data else NOBITS
        place = offset + section.address - address
        sections.add(section.name, kind, flags, section.address, place, section.size, section.alignment)
    attributes = _attributes()
    sections.append(ATTRIBUTES_SECTION, ATTRIBUTES, attributes)
    _add_symbols(sections, image)
    table = sections.finish()
    out[:HEADER_BYTES] = struct.pack(
        "<16sHHIIIIIHHHHHH",
        *(IDENT, EXECUTABLE, RISCV, 1, image.entry, HEADER_BYTES if segments else 0, table, FLAGS),
        *(HEADER_BYTES, PROGRAM_HEADER_BYTES, len(segments), SECTION_HEADER_BYTES, sections.count, sections.count - 1),
    )
    return bytes(out)


class _Strings:
    def __init__(self):
        self.data = bytearray(1)

    def add(self, text: str) -> int:
        start = len(self.data)
        self.data += text.encode() + b"\0"
        return start


class _Sections:
    """Section headers in the making, and the file behind them."""

    def __init__(self, out: bytearray):
        self.out, self.names = out, _Strings()
        self.headers = [bytes(SECTION_HEADER_BYTES)]
        self.index: dict[str, int] = {}

    @property
    def count(self) -> int:
        return len(self.headers)

    def add(self, name, kind, flags, address, offset, size, alignment, link=0, info=0, entry=0) -> None:
        self.index[name] = len(self.headers)
        fields = (self.names.add(name), kind, flags, address, offset, size, link, info, alignment, entry)
        self.headers.append(struct.pack("<10I", *fields))

    def append(self, name: str, kind: int, data: bytes, alignment: int = 1, link: int = 0, info: int = 0, entry=0):
        """A section that is not loaded."""
        self.out += bytes(-len(self.out) % alignment)
        self.add(name, kind, 0, 0, len(self.out), len(data), alignment, link, info, entry)
        self.out += data

    def finish(self) -> int:
        """Write the names and the headers; returns where the headers start."""
        name = self.names.add(".shstrtab")
        start = len(self.out)
        self.out += self.names.data
        self.headers.append(struct.pack("<10I", name, STRTAB, 0, 0, start, len(self.names.data), 0, 0, 1, 0))
        self.out += bytes(-len(self.out) % 4)
        table = len(self.out)
        self.out += b"".join(self.headers)
        return table


def _add_symbols(sections: _Sections, image: Image) -> None:
    strings = _Strings()
    symbols = [*_mapping_symbols(image), *image.symbols]
    symbols.sort(key=lambda symbol: symbol.binding != "local")  # ELF wants local symbols first
    entries = [bytes(16)]
    for symbol in symbols:
        info = BINDINGS[symbol.binding] << 4 | KINDS[symbol.kind]
        home = ABSOLUTE if symbol.section is None else sections.index.get(symbol.section, ABSOLUTE)
        entries.append(struct.pack("<IIIBBH", strings.add(symbol.name), symbol.address, symbol.size, info, 0, home))
    first_global = 1 + sum(symbol.binding == "local" for symbol in symbols)
    strings_index = sections.count + 1
    sections.append(".symtab", SYMTAB, b"".join(entries), 4, strings_index, first_global, 16)
    sections.append(".strtab", STRTAB, bytes(strings.data))


def _mapping_symbols(image: Image) -> list[ImageSymbol]:
    """$x where code begins and $d where data begins, in every section that holds both kinds or code."""
    found = []
    for section in image.sections:
        if "x" not in section.flags:
            continue
        previous = None
        for origin in image.origins:
            if section.address <= origin.address < section.end and origin.is_code != previous:
                name = "$x" if origin.is_code else "$d"
                found.append(ImageSymbol(name, origin.address, 0, "notype", "local", section.name))
                previous = origin.is_code
    return found


def _attributes() -> bytes:
    body = bytes([_TAG_ARCHITECTURE]) + ARCHITECTURE.encode() + b"\0"
    block = bytes([_FILE_ATTRIBUTES]) + struct.pack("<I", len(body) + 5) + body
    vendor = b"riscv\0"
    return b"A" + struct.pack("<I", len(block) + len(vendor) + 4) + vendor + block
