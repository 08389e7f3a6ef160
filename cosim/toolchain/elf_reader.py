"""Reads ELF32 executables, strictly: whatever is damaged or foreign is refused in one line."""

import bisect
import itertools
import struct
from dataclasses import dataclass
from pathlib import Path

from cosim.errors import UserError
from cosim.toolchain.elf import (
    ATTRIBUTES,
    EXECUTABLE,
    FLAG_CAPABILITY_MODE,
    FLAG_CHERI_ABI,
    HEADER_BYTES,
    KINDS,
    LOAD,
    PROGRAM_HEADER_BYTES,
    RISCV,
    SECTION_HEADER_BYTES,
    SEGMENT_FLAGS,
    SYMTAB,
)
from cosim.toolchain.image import Segment

MAGIC = b"\x7fELF"
ADDRESSES = 1 << 32
_SYMBOL_BYTES = 16
_ABSOLUTE_OR_UNDEFINED = (0, 0xFFF1)
_MACHINES = {3: "x86", 8: "MIPS", 20: "PowerPC", 40: "Arm", 62: "x86-64", 183: "AArch64"}


@dataclass(frozen=True, slots=True)
class ElfSymbol:
    name: str
    address: int
    size: int
    kind: str


class Names:
    """From addresses to names: `main`, `main+0x10`."""

    def __init__(self, symbols: list[ElfSymbol]):
        self._sorted = sorted((s.address, s.kind == "function", s.name) for s in symbols)
        self._addresses = [address for address, _, _ in self._sorted]

    def __call__(self, address: int) -> str | None:
        """The nearest symbol at or below, with the distance; None below the first."""
        index = bisect.bisect_right(self._addresses, address) - 1
        if index < 0:
            return None
        start, _, name = self._sorted[index]
        return name if address == start else f"{name}+{address - start:#x}"


@dataclass(frozen=True, slots=True)
class ElfFile:
    """What a loader and a disassembler need. Segments are in the order of their addresses.

    `symbols` are functions, objects and labels in memory; `mapping` says where code ("$x") and data ("$d") begin;
    `architecture` is the string of the attributes section, or "".
    """

    entry: int
    segments: list[Segment]
    symbols: list[ElfSymbol]
    mapping: list[tuple[int, bool]]
    architecture: str

    def symbol(self, name: str) -> ElfSymbol | None:
        return next((symbol for symbol in self.symbols if symbol.name == name), None)


def is_elf(data: bytes) -> bool:
    return data[:4] == MAGIC


def load_elf(path: Path | str) -> ElfFile:
    """Read a file; raises UserError naming it."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot read it: {error.strerror}") from None
    return read_elf(data, str(path))


def read_elf(data: bytes, name: str) -> ElfFile:
    """Read a file's bytes; `name` stands in messages."""
    return _Reader(data, name).read()


class _Reader:
    def __init__(self, data: bytes, name: str):
        self.data, self.name = data, name

    def error(self, message: str) -> UserError:
        return UserError(f"{self.name}: {message}")

    def piece(self, start: int, size: int, what: str) -> bytes:
        if start + size > len(self.data):
            raise self.error(
                f"truncated: {what} should be at bytes {start} to {start + size}, the file has {len(self.data)}"
            )
        return self.data[start : start + size]

    def read(self) -> ElfFile:
        data = self.data
        if not is_elf(data):
            raise self.error("not an ELF file; for a flat binary give --base")
        header = self.piece(0, HEADER_BYTES, "the ELF header")
        if data[4] != 1 or data[5] != 1:
            raise self.error("not a 32-bit little-endian ELF file; build it for CHERIoT")
        kind, machine, _, entry, programs, sections, flags, _, program_size, program_count, section_size, count, _ = (
            struct.unpack_from("<HHIIIIIHHHHHH", header, 16)
        )
        if machine != RISCV:
            raise self.error(f"made for {_MACHINES.get(machine, f'machine {machine}')}, not for RISC-V CHERIoT")
        wanted = FLAG_CHERI_ABI | FLAG_CAPABILITY_MODE
        if flags & wanted != wanted:
            raise self.error(f"plain RISC-V code (ELF flags {flags:#x}), not CHERIoT capability mode")
        if kind != EXECUTABLE:
            raise self.error(f"not an executable (ELF type {kind}); link it first")
        if (program_count and program_size != PROGRAM_HEADER_BYTES) or (count and section_size != SECTION_HEADER_BYTES):
            raise self.error("damaged: header sizes are not those of a 32-bit ELF file")
        segments = self.segments(programs, program_count)
        headers = [
            struct.unpack("<10I", self.piece(sections + i * SECTION_HEADER_BYTES, SECTION_HEADER_BYTES, "a section"))
            for i in range(count)
        ]
        symbols, mapping = self.symbols(headers)
        return ElfFile(entry, segments, symbols, mapping, self.architecture(headers))

    def segments(self, start: int, count: int) -> list[Segment]:
        found: list[Segment] = []
        for index in range(count):
            what = f"program header {index}"
            raw = self.piece(start + index * PROGRAM_HEADER_BYTES, PROGRAM_HEADER_BYTES, what)
            kind, offset, _, address, file_size, size, flags, _ = struct.unpack("<8I", raw)
            if kind != LOAD or size == 0:
                continue
            if file_size > size:
                raise self.error(f"damaged: segment {index} has more bytes in the file ({file_size}) than in memory")
            if address + size > ADDRESSES:
                raise self.error(f"damaged: segment {index} at {address:#x} runs past the 32-bit address space")
            contents = self.piece(offset, file_size, f"segment {index}")
            letters = "".join(letter for letter in "rwx" if flags & SEGMENT_FLAGS[letter])
            found.append(Segment(address, contents, size, letters))
        if not found:
            raise self.error("nothing to load: it has no PT_LOAD segment")
        found.sort(key=lambda segment: segment.address)
        for lower, upper in itertools.pairwise(found):
            if lower.address + lower.size > upper.address:
                raise self.error(
                    f"overlapping segments: {lower.address:#x}..{lower.address + lower.size:#x}"
                    f" and {upper.address:#x}..{upper.address + upper.size:#x}"
                )
        return found

    def symbols(self, headers: list[tuple]) -> tuple[list[ElfSymbol], list[tuple[int, bool]]]:
        kinds = {number: kind for kind, number in KINDS.items()}
        found, mapping = [], []
        for header in headers:
            if header[1] != SYMTAB:
                continue
            if header[6] >= len(headers):
                raise self.error(f"damaged: the symbol table names section {header[6]}, there are {len(headers)}")
            strings = self.piece(headers[header[6]][4], headers[header[6]][5], "the symbol names")
            for raw in struct.iter_unpack("<IIIBBH", self.symbol_table(header)):
                name_at, address, size, info, _, section = raw
                name = strings[name_at : max(strings.find(b"\0", name_at), 0)].decode("utf-8", "replace")
                if name in ("$x", "$d") or name.startswith(("$x.", "$d.", "$xrv")):
                    mapping.append((address, name.startswith("$x")))
                elif name and section not in _ABSOLUTE_OR_UNDEFINED and info & 15 in kinds:
                    found.append(ElfSymbol(name, address, size, kinds[info & 15]))
        return found, sorted(mapping)

    def symbol_table(self, header: tuple) -> bytes:
        if header[5] % _SYMBOL_BYTES:
            raise self.error(f"damaged: a symbol table of {header[5]} bytes")
        return self.piece(header[4], header[5], "the symbol table")

    def architecture(self, headers: list[tuple]) -> str:
        """The architecture string (tag 5) of the attributes section, or "" without one."""
        for header in headers:
            if header[1] == ATTRIBUTES:
                data = self.piece(header[4], header[5], "the attributes")
                start = data.find(b"rv32")
                return data[start : data.find(b"\0", start)].decode("ascii", "replace") if start >= 0 else ""
        return ""
