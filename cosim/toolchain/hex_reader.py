"""Reads memory images in text: Verilog hex files (words of 8, 32, 33 or 64 bits) and Intel hex.

Sources: IEEE 1800 `$readmemh`; Intel "Hexadecimal Object File Format Specification"; CHERIoT-SAFE for words of 33
bits, which have the tag of a capability in bit 32 of both of its words.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cosim.errors import UserError

LINE = 8
WORD_BITS = {2: 8, 8: 32, 9: 33, 16: 64}
"""Digits of a word in a Verilog hex file, and what they stand for."""
TAGGED_BITS, TAG = 33, 1 << 32
_COMMENT = re.compile(rb"//[^\n]*|/\*.*?\*/", re.DOTALL)
_TOKEN = re.compile(rb"\S+")
_NUMBER = re.compile(rb"[0-9A-Fa-f]+")
_VERILOG_NAMES = (".vhx", ".vh", ".vmem", ".mem", ".memh")
_INTEL_NAMES = (".ihex", ".ihx")
_HEX_NAMES = (".hex", *_VERILOG_NAMES, *_INTEL_NAMES)
DATA, END, SEGMENT, START_SEGMENT, LINEAR, START_LINEAR = range(6)
"""Kinds of records in an Intel hex file."""


@dataclass
class Contents:
    """Pieces of memory in the order of the file: (address, bytes). `tags` are addresses of 8-byte lines.

    `entry` is where to start, if the file says so.
    """

    pieces: list[tuple[int, bytearray]] = field(default_factory=list)
    tags: set[int] = field(default_factory=set)
    entry: int | None = None

    def add(self, address: int, data: bytes) -> None:
        """Put bytes at an address, behind the last piece if that is where they belong."""
        if self.pieces and self.pieces[-1][0] + len(self.pieces[-1][1]) == address:
            self.pieces[-1][1].extend(data)
        else:
            self.pieces.append((address, bytearray(data)))


def is_intel_hex(path: Path, data: bytes) -> bool:
    """By its name, or if that only says "hex", by its first character."""
    return path.suffix in _INTEL_NAMES or (path.suffix not in _VERILOG_NAMES and _text(path, data, b":"))


def is_verilog_hex(path: Path, data: bytes) -> bool:
    """By its name, or by an address at its start."""
    return path.suffix in _HEX_NAMES or _text(path, data, b"@")


def _text(path: Path, data: bytes, first: bytes) -> bool:
    return path.suffix != ".bin" and data.isascii() and data.lstrip()[:1] == first


class _VerilogHex:
    """Reads one file; `digits` are those of every word in it."""

    def __init__(self, data: bytes, name: str):
        self.name = name
        self.data = _COMMENT.sub(lambda comment: re.sub(rb"[^\n]", b" ", comment[0]), data)
        self.digits = 0

    def error(self, at: int, message: str) -> UserError:
        line = self.data.count(b"\n", 0, at) + 1
        return UserError(f"{self.name}:{line}: {message}")

    def tokens(self) -> Iterator[tuple[bool, int]]:
        """Whether it is an address, and its number. The first word decides how many digits all of them have."""
        for token in _TOKEN.finditer(self.data):
            text = token[0].replace(b"_", b"")
            is_address = text.startswith(b"@")
            text = text.removeprefix(b"@")
            if not _NUMBER.fullmatch(text):
                shown = token[0][:20].decode("ascii", "replace")
                raise self.error(token.start(), f'"{shown}" is not a hexadecimal word')
            if not is_address:
                self.digits = self.digits or len(text)
                if len(text) != self.digits or len(text) not in WORD_BITS:
                    wanted = f"{self.digits}, as the first word" if self.digits in WORD_BITS else "2, 8, 9 or 16"
                    raise self.error(token.start(), f"a word of {len(text)} digits; it must have {wanted}")
            yield is_address, int(text, 16)

    def read(self, base: int, absolute: Callable[[int], bool]) -> Contents:
        tokens = list(self.tokens())
        if not self.digits:
            raise UserError(f"{self.name}: nothing to load: there is no word in it")
        bits = WORD_BITS[self.digits]
        size = bits // 8
        found, address, tagged = Contents(), base, set()
        for is_address, number in tokens:
            if is_address:
                address = number * size if absolute(number * size) else base + number * size
                continue
            if bits == TAGGED_BITS and number & TAG:
                tagged.add(address)
            if number >> bits:
                raise UserError(f"{self.name}: {number:#x} has more than {bits} bits")
            found.add(address, (number % (1 << 8 * size)).to_bytes(size, "little"))
            address += size
        found.tags = {word for word in tagged if word % LINE == 0 and word + size in tagged}
        return found


def read_verilog_hex(data: bytes, name: str, base: int, absolute: Callable[[int], bool]) -> Contents:
    """Words from `base` on. An `@` counts words: from address 0 if `absolute(address)`, else from `base`."""
    return _VerilogHex(data, name).read(base, absolute)


def read_intel_hex(data: bytes, name: str) -> Contents:
    """Records with 16-bit addresses, and the upper part of the addresses between them."""
    found, upper, ended = Contents(), 0, False
    for number, line in enumerate(data.splitlines(), 1):
        line = line.strip()
        if not line:
            continue
        where = f"{name}:{number}"
        if ended:
            raise UserError(f"{where}: there is more behind the end record")
        kind, offset, content = _intel_record(line, where)
        if kind == DATA:
            found.add(upper + offset, content)
        elif kind == END:
            ended = True
        elif kind in (SEGMENT, LINEAR):
            upper = int.from_bytes(content, "big") << (4 if kind == SEGMENT else 16)
        elif kind == START_LINEAR:
            found.entry = int.from_bytes(content, "big")
        elif kind != START_SEGMENT:
            raise UserError(f"{where}: a record of type {kind}; Intel hex has 0 to 5")
    if not ended:
        raise UserError(f"{name}: truncated: it has no end record (:00000001FF)")
    if not found.pieces:
        raise UserError(f"{name}: nothing to load: it has no data record")
    return found


def _intel_record(line: bytes, where: str) -> tuple[int, int, bytes]:
    """Type, address and contents of a record; raises UserError if it is damaged."""
    try:
        if line[:1] != b":":
            raise ValueError
        record = bytes.fromhex(line[1:].decode("ascii"))
    except ValueError:
        raise UserError(f"{where}: not a record of Intel hex (:, then pairs of digits)") from None
    if len(record) < 5 or len(record) != record[0] + 5:
        raise UserError(f"{where}: damaged: the record's length does not match what it says")
    if sum(record) % 256:
        raise UserError(f"{where}: damaged: wrong checksum")
    wanted = {END: 0, SEGMENT: 2, START_SEGMENT: 4, LINEAR: 2, START_LINEAR: 4}.get(record[3])
    if wanted is not None and record[0] != wanted:
        raise UserError(f"{where}: damaged: a record of type {record[3]} with {record[0]} bytes, not {wanted}")
    return record[3], int.from_bytes(record[1:3], "big"), record[4:-1]
