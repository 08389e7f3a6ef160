"""The pieces of a random program: each one can be taken out, and what is left is still a program."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cosim.stimulus.frame import Frame, Slot
from cosim.toolchain.compress import compress
from rtl.isa.table import BY_NAME, encode


@dataclass(frozen=True)
class Code:
    """An instruction word of 2 or 4 bytes."""

    word: int
    length: int = 4

    @property
    def size(self) -> int:
        return self.length

    def words(self, frame: Frame, address: int) -> Iterator[tuple[int, int]]:
        yield self.word, self.length


@dataclass(frozen=True)
class Fetch:
    """Load a capability of the frame's table into a register: two instructions, relative to the pc."""

    register: int
    slot: Slot
    size = 8

    def words(self, frame: Frame, address: int) -> Iterator[tuple[int, int]]:
        return ((word, 4) for word in frame.load_from(self.register, frame.slot(self.slot), address))


Part = Code | Fetch


@dataclass(frozen=True)
class Item:
    """Instructions that belong together; control leaves them at their end."""

    kind: str
    parts: tuple[Part, ...]

    @property
    def size(self) -> int:
        return size(self.parts)

    def words(self, frame: Frame, address: int) -> Iterator[tuple[int, int]]:
        """(word, bytes) of each instruction, placed from `address` on."""
        for part in self.parts:
            yield from part.words(frame, address)
            address += part.size

    def encoded(self, frame: Frame, address: int) -> bytes:
        return b"".join(word.to_bytes(length, "little") for word, length in self.words(frame, address))


def size(parts: Sequence[Part]) -> int:
    return sum(part.size for part in parts)


def wide(name: str, *values: int) -> Code:
    """An instruction of 4 bytes, operands in assembly order."""
    return Code(encode(BY_NAME[name], *values))


def short(code: Code) -> Code:
    """The compressed form, if there is one."""
    half = compress(code.word) if code.length == 4 else None
    return code if half is None else Code(half, 2)


def clear(register: int) -> Code:
    return wide("addi", register, 0, 0)


def constant(register: int, value: int) -> list[Part]:
    """Any 32-bit number in one or two instructions."""
    value &= 0xFFFF_FFFF
    low = (value & 0xFFF ^ 0x800) - 0x800
    high = (value - low) >> 12 & 0xFFFFF
    if not high:
        return [wide("addi", register, 0, low)]
    parts: list[Part] = [wide("lui", register, high)]
    if low:
        parts.append(wide("addi", register, register, low))
    return parts
