"""Memory as the core sees it: blocks of 8-byte lines with a tag each, devices by address range, errors elsewhere.

A line is kept as one number, in the form of `rtos_model.machine.value`: its bytes in little-endian order, and its
tag in bit 64. Byte i of an access is the byte at its address + i.
"""

from collections.abc import Callable

from rtl.config import Region, SocConfig
from rtl.isa.capfmt import GRANULE
from rtl.isa.trap import Cause
from rtos_model.machine.devices.device import Device
from rtos_model.machine.trap import Trap
from rtos_model.machine.value import ADDRESS, TAG_AT, WORDS, cleared

LINE_BITS = 8 * GRANULE
_BYTES = {size: (1 << 8 * size) - 1 for size in range(GRANULE + 1)}
"""The mask of so many bytes."""


class ImageError(ValueError):
    """An image that does not fit the memory map; the message is one line."""


class Block:
    """Plain memory: `lines[i]` is the line at base + 8 * i. Untagged blocks drop tags, read-only ones refuse stores."""

    def __init__(self, region: Region, *, tagged: bool = True, writable: bool = True, executable: bool = False):
        self.base = region.base
        self.end = region.end
        self.tagged = tagged
        self.writable = writable
        self.executable = executable
        self.lines = [0] * (region.size // GRANULE)

    def content(self) -> bytes:
        """All bytes, without the tags."""
        return b"".join((line & WORDS).to_bytes(GRANULE, "little") for line in self.lines)

    def write(self, address: int, content: bytes) -> None:
        """Place bytes from outside; tags of the lines touched are lost."""
        first, last = address // GRANULE * GRANULE, -(-(address + len(content)) // GRANULE) * GRANULE
        place = (first - self.base) // GRANULE
        count = (last - first) // GRANULE
        old = b"".join((line & WORDS).to_bytes(GRANULE, "little") for line in self.lines[place : place + count])
        new = old[: address - first] + content + old[address - first + len(content) :]
        self.lines[place : place + count] = [
            int.from_bytes(new[at : at + GRANULE], "little") for at in range(0, len(new), GRANULE)
        ]


class Memory:
    """All blocks and devices of a system.

    `code_written(address, size)` is called after a store to a line that is in `code_lines` (numbers of 8-byte lines),
    and `device_accessed()` before each access to a device.
    """

    def __init__(self, config: SocConfig, devices: dict[str, Device]):
        regions = config.map()
        self.blocks = {"ram": Block(config.ram, executable=True)}
        if config.rom is not None:
            self.blocks["rom"] = Block(config.rom, tagged=False, writable=False, executable=True)
        if config.data_ram is not None:
            self.blocks["data_ram"] = Block(config.data_ram)
        self.blocks["bitmap"] = Block(regions["bitmap"], tagged=False)
        self.devices = [(regions[name], device) for name, device in devices.items()]
        self._ram = self.blocks["ram"].lines
        self._ram_base = config.ram.base
        self._ram_size = config.ram.size
        self.code_lines: set[int] = set()
        self.code_written: Callable[[int, int], None] = lambda address, size: None
        self.device_accessed: Callable[[], None] = lambda: None

    def place(self, address: int, content: bytes) -> None:
        """Load part of an image into RAM, ROM or data RAM."""
        for block in self.blocks.values():
            if block.base <= address and address + len(content) <= block.end:
                block.write(address, content)
                return
        places = ", ".join(f"{name} {b.base:#x}..{b.end:#x}" for name, b in self.blocks.items())
        raise ImageError(f"{len(content)} bytes at {address:#x} do not fit into memory ({places})")

    def tag(self, address: int) -> None:
        """Set the tag of a line, as part of loading an image; its bytes are to be placed before."""
        block = self.block_at(address)
        if block is None or not block.tagged:
            raise ImageError(f"there is no memory with tags at {address:#x}")
        block.lines[(address - block.base) // GRANULE] |= 1 << TAG_AT

    def block_at(self, address: int) -> Block | None:
        return next((block for block in self.blocks.values() if block.base <= address < block.end), None)

    def _device_at(self, address: int) -> tuple[int, Device]:
        """Base and device of an address that `_accepts` has accepted."""
        return next((region.base, device) for region, device in self.devices if address in region)

    def fetch(self, address: int) -> int:
        """The halfword at an even address; a bus error is a trap with that address."""
        offset = address - self._ram_base
        if 0 <= offset < self._ram_size:
            return self._ram[offset >> 3] >> 8 * (offset & 7) & 0xFFFF
        block = self.block_at(address)
        if block is None or not block.executable:
            raise Trap(Cause.FETCH_ACCESS, address)
        offset = address - block.base
        return block.lines[offset >> 3] >> 8 * (offset & 7) & 0xFFFF

    def load(self, address: int, size: int) -> int:
        """The bytes of an access that may cross into the next line, as a number."""
        offset = address - self._ram_base
        shift = 8 * (address & 7)
        if 0 <= offset < self._ram_size and shift + 8 * size <= LINE_BITS:
            return self._ram[offset >> 3] >> shift & _BYTES[size]
        return self._load_beats(address, size)

    def load_capability(self, address: int) -> int:
        """The line at a multiple of 8, with its tag; memory without tags has zeros there."""
        offset = address - self._ram_base
        if 0 <= offset < self._ram_size:
            return self._ram[offset >> 3]
        return self._load_beats(address, GRANULE)

    def store(self, address: int, size: int, value: int) -> None:
        """Write the low bytes of a number; every line touched loses its tag."""
        offset = address - self._ram_base
        shift = 8 * (address & 7)
        if 0 <= offset < self._ram_size and shift + 8 * size <= LINE_BITS:
            mask = _BYTES[size]
            place = offset >> 3
            self._ram[place] = self._ram[place] & WORDS & ~(mask << shift) | (value & mask) << shift
            if address >> 3 in self.code_lines:
                self.code_written(address, size)
        else:
            self._store_beats(address, size, value & _BYTES[size])

    def store_capability(self, address: int, value: int) -> None:
        """Write a line with its tag, at a multiple of 8."""
        offset = address - self._ram_base
        if 0 <= offset < self._ram_size:
            self._ram[offset >> 3] = value
            if address >> 3 in self.code_lines:
                self.code_written(address, GRANULE)
        else:
            self._store_beats(address, GRANULE, value)

    def _beats(self, address: int, size: int) -> list[tuple[int, int, int]]:
        """(line address, byte offset in the line, bytes) of the one or two bus accesses."""
        first = min(size, GRANULE - address % GRANULE)
        beats = [(address - address % GRANULE, address % GRANULE, first)]
        if first < size:
            beats.append((address + first & ADDRESS, 0, size - first))
        return beats

    def _accepts(self, line: int, *, store: bool) -> bool:
        block = self.block_at(line)
        if block is not None:
            return block.writable or not store
        return any(line in region for region, _ in self.devices)

    def _load_beats(self, address: int, size: int) -> int:
        beats = self._beats(address, size)
        if not all(self._accepts(line, store=False) for line, _, _ in beats):
            raise Trap(Cause.LOAD_ACCESS, address)
        found, at = 0, 0
        for line, start, count in beats:
            block = self.block_at(line)
            content = block.lines[line - block.base >> 3] if block else self._device_line(line, start, count)
            if count == GRANULE:
                return content
            found |= (content >> 8 * start & _BYTES[count]) << at
            at += 8 * count
        return found

    def _device_line(self, line: int, start: int, count: int) -> int:
        """A line of a device, of which only the registers with selected bytes are read."""
        base, device = self._device_at(line)
        self.device_accessed()
        content = 0
        for half in (0, 4):
            if start < half + 4 and half < start + count:
                content |= device.read(line + half - base) << 8 * half
        return content

    def _store_beats(self, address: int, size: int, value: int) -> None:
        """In address order; after a refused beat nothing more is written."""
        done = 0
        for line, start, count in self._beats(address, size):
            if not self._accepts(line, store=True):
                raise Trap(Cause.STORE_ACCESS, address, written=((1 << done) - 1, value & _BYTES[done]))
            part = value if count == GRANULE else value >> 8 * done & _BYTES[count]
            block = self.block_at(line)
            if block:
                place = line - block.base >> 3
                mask = _BYTES[count] << 8 * start
                block.lines[place] = block.lines[place] & WORDS & ~mask | part << 8 * start
                if not block.tagged:
                    block.lines[place] = cleared(block.lines[place])
                if line >> 3 in self.code_lines:
                    self.code_written(line + start, count)
            else:
                self._store_device(line, start, count, part)
            done += count

    def _store_device(self, line: int, start: int, count: int, value: int) -> None:
        base, device = self._device_at(line)
        self.device_accessed()
        if count == GRANULE:
            device.write_capability(line - base, value)
            return
        mask, content = _BYTES[count] << 8 * start, value << 8 * start
        for half in (0, 4):
            if mask >> 8 * half & ADDRESS:
                device.write(line + half - base, content >> 8 * half & ADDRESS, mask >> 8 * half & ADDRESS)
