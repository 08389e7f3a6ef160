"""The signals in a wave dump: names and widths, read from the file itself (VCD, or FST as Verilator writes it)."""

import re
from pathlib import Path

_VCD_VARIABLE = re.compile(r"\$var\s+\w+\s+(\d+)\s+\S+\s+(\S+)")
_HEADER_BLOCK, _HIERARCHY_LZ4 = 0, 6
_SCOPE, _UPSCOPE, _ATTRIBUTE, _ATTRIBUTE_END = 254, 255, 252, 253


def signals(dump: Path) -> dict[str, int]:
    """Full hierarchical name, scopes joined by dots, to width in bits."""
    return _fst_signals(dump.read_bytes()) if dump.suffix == ".fst" else _vcd_signals(dump)


def _vcd_signals(dump: Path) -> dict[str, int]:
    found: dict[str, int] = {}
    scopes: list[str] = []
    with open(dump) as file:
        for line in file:
            words = line.split()
            if "$enddefinitions" in words:
                break
            if words[:1] == ["$scope"]:
                scopes.append(words[2])
            elif words[:1] == ["$upscope"]:
                scopes.pop()
            elif variable := _VCD_VARIABLE.search(line):
                found[".".join([*scopes, variable[2]])] = int(variable[1])
    return found


def _fst_signals(data: bytes) -> dict[str, int]:
    """Walk the blocks (type, length, contents) to the hierarchy; empty if there is none."""
    at = 0
    while at + 9 <= len(data):
        size = int.from_bytes(data[at + 1 : at + 9], "big")
        if data[at] == _HIERARCHY_LZ4:
            return _hierarchy(decompress_lz4(data[at + 17 : at + 1 + size]))
        at += 1 + size
    return {}


def _hierarchy(data: bytes) -> dict[str, int]:
    found: dict[str, int] = {}
    scopes: list[str] = []
    at = 0

    def text() -> str:
        nonlocal at
        end = data.index(0, at)
        at, start = end + 1, at
        return data[start:end].decode()

    def number() -> int:
        """LEB128."""
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        tag = data[at]
        at += 1
        if tag == _SCOPE:
            at += 1  # kind of scope
            scopes.append(text())
            text()
        elif tag == _UPSCOPE:
            scopes.pop()
        elif tag == _ATTRIBUTE:
            at += 2
            text()
            number()
        elif tag != _ATTRIBUTE_END:  # a variable: its type, direction, name, width, alias
            at += 1
            name = text().split(" ")[0]
            found[".".join([*scopes, name])] = number()
            number()
    return found


def decompress_lz4(data: bytes) -> bytes:
    """An LZ4 block: runs of literal bytes, each followed by a copy from what was already put out."""
    out = bytearray()
    at = 0

    def extended(length: int) -> int:
        nonlocal at
        if length == 15:
            while True:
                more = data[at]
                at += 1
                length += more
                if more != 255:
                    break
        return length

    while at < len(data):
        token = data[at]
        at += 1
        literals = extended(token >> 4)
        out += data[at : at + literals]
        at += literals
        if at >= len(data):
            break
        distance = int.from_bytes(data[at : at + 2], "little")
        at += 2
        length = extended(token & 15) + 4
        for _ in range(length):
            out.append(out[-distance])
    return bytes(out)
