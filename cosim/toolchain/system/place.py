"""Where everything of a system lies, in the order of platform specification 5.1; nothing is written here."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cosim.errors import UserError
from cosim.toolchain.system import header, tables
from cosim.toolchain.system.describe import members
from cosim.toolchain.system.unit_link import padded
from rtl.config import SocConfig
from rtos_model.machine.capability import alignment_mask, representable_length
from rtos_model.services.image import Compartment, Image
from rtos_model.services.loader import HAZARDS

BOOT_STACK, BOOT_STACK_PER_THREAD = 1024, 16
"""Bytes. The loader leaves what the scheduler has to know of each thread on it."""
BOOT_FRAMES = 1
STACK_ALIGNMENT = 16
HEAP_ALIGNMENT = 0x1000
"""The model starts its heap so, and the same start gives the same placement."""
Extent = tuple[int, int]
"""Start and size in bytes."""


@dataclass(slots=True)
class Places:
    """Start and size of everything. `code` and `data` have the units `start` and `loader` too."""

    start: Extent = (0, 0)
    exports: dict[str, Extent] = field(default_factory=dict)
    code: dict[str, Extent] = field(default_factory=dict)
    data: dict[str, Extent] = field(default_factory=dict)
    boot_trusted_stack: Extent = (0, 0)
    boot_stack: Extent = (0, 0)
    trusted_stacks: dict[str, Extent] = field(default_factory=dict)
    stacks: dict[str, Extent] = field(default_factory=dict)
    sealed: dict[str, Extent] = field(default_factory=dict)
    """With the 8-byte header in front of the payload."""
    shared: dict[str, Extent] = field(default_factory=dict)
    initialisers: Extent = (0, 0)
    heap: Extent = (0, 0)
    threads: int = 0
    relocations: dict[str, Extent] = field(default_factory=dict)
    header: Extent = (0, 0)
    end: int = 0

    def constants(self) -> dict[str, int]:
        """Addresses that sources may use by name."""
        heap_end = self.heap[0] + self.heap[1]
        return {
            "__start_end": sum(self.start),
            "__image_header": self.header[0],
            "__image_header_end": sum(self.header),
            "__boot_stack": self.boot_stack[0],
            "__boot_stack_end": sum(self.boot_stack),
            "__boot_trusted_stack": self.boot_trusted_stack[0],
            "__boot_trusted_stack_end": sum(self.boot_trusted_stack),
            "__shared_start": min((start for start, _ in self.shared.values()), default=self.initialisers[0]),
            "__shared_end": self.initialisers[0],
            "__heap_start": self.heap[0],
            "__heap_end": heap_end,
            "__revocation_start": self.boot_trusted_stack[0],
            "__revocation_end": heap_end,
            "__thread_count": self.threads,
            "__hazard_slots": self.shared.get(HAZARDS, (0, 0))[0],
            "__loader_start": self.code["loader"][0],
            "__loader_code_end": sum(self.code["loader"]),
            "__loader_end": self.end,
        }


class _Cursor:
    def __init__(self, at: int):
        self.at = at

    def take(self, size: int, align: int = 8) -> Extent:
        """A range whose bounds are exact."""
        length, needed = padded(size)
        align = max(align, needed)
        start = -(-self.at // align) * align
        self.at = start + length
        return start, length


@dataclass(frozen=True, slots=True)
class Sizes:
    """What placing has to know: code and data bytes by unit, relocation records by unit."""

    code: Mapping[str, int]
    data: Mapping[str, int]
    records: Mapping[str, int]


def core_first(image: Image) -> list[str]:
    """Units in the order of their code: the switcher, the privileged, libraries, compartments."""
    core = [header.SWITCHER, *header.PRIVILEGED]
    rest = [one.name for one in (*image.libraries, *image.compartments) if one.name not in core]
    return [*core, *rest]


def place(image: Image, sizes: Sizes, config: SocConfig) -> Places:
    """Raises UserError if the system does not fit."""
    found, cursor = Places(), _Cursor(config.entry)
    by_name = {one.name: one for one in members(image)}
    order = core_first(image)
    compartments = [name for name in order if isinstance(by_name.get(name), Compartment)]
    found.start = found.code["start"] = cursor.take(sizes.code["start"])
    for name in compartments:
        found.exports[name] = cursor.take(tables.export_bytes(by_name[name]))
    for name in order:
        found.code[name] = cursor.take(sizes.code[name])
    fixed, frame = header.size("TRUSTED_STACK"), header.size("TRUSTED_FRAME")
    found.boot_trusted_stack = cursor.take(fixed + frame * (1 + BOOT_FRAMES))
    for thread in image.threads:
        found.trusted_stacks[thread.name] = cursor.take(fixed + frame * (1 + thread.frames))
    found.threads = len(image.threads)
    found.boot_stack = cursor.take(BOOT_STACK + BOOT_STACK_PER_THREAD * found.threads, STACK_ALIGNMENT)
    for thread in image.threads:
        found.stacks[thread.name] = cursor.take(thread.stack, STACK_ALIGNMENT)
    for name in compartments:
        found.data[name] = cursor.take(sizes.data[name])
    for sealed in image.sealed_objects:
        found.sealed[sealed.name] = cursor.take(header.size("SEALED_OBJECT") + len(sealed.contents))
    for shared in image.shared_objects:
        found.shared[shared.name] = cursor.take(shared.size)
    found.initialisers = cursor.take(header.size("IMPORT") * len(image.initialisers))
    found.heap = -(-cursor.at // HEAP_ALIGNMENT) * HEAP_ALIGNMENT, image.heap_size
    _check_heap(found, config)
    cursor.at = found.heap[0]
    for name in order:
        if sizes.records.get(name):
            found.relocations[name] = cursor.take(header.size("RELOCATION") * sizes.records[name])
    units = len(order) - 1 - len(header.PRIVILEGED)
    threads = header.size("THREADS") + header.size("THREAD") * len(image.threads)
    found.header = cursor.take(header.HEADER_UNITS + header.size("UNIT") * units + threads)
    found.code["loader"] = cursor.take(sizes.code["loader"])
    found.data["loader"] = cursor.take(sizes.data["loader"])
    for name in order:
        if name not in compartments:
            found.exports[name] = cursor.take(tables.export_bytes(by_name[name]))
    found.end = cursor.at
    _check_fit(found.end, "the loader, which lies where the heap will be,", config)
    return found


def _check_heap(found: Places, config: SocConfig) -> None:
    start, size = found.heap
    _check_fit(start + size, f"the heap of {size} bytes from {start:#x} on", config)
    step = (~alignment_mask(size) & 0xFFFF_FFFF) + 1
    if representable_length(size) != size or start % step:
        raise UserError(
            f"heap_size {size}: no capability covers [{start:#x}, {start + size:#x}) exactly; "
            f"use {representable_length(size)} or another multiple of {step}"
        )


def _check_fit(end: int, what: str, config: SocConfig) -> None:
    if end > config.ram.end:
        raise UserError(
            f"the system does not fit the memory of profile {config.name} ({config.ram.base:#x}..{config.ram.end:#x}): "
            f"{what} ends at {end:#x}, {end - config.ram.end} bytes too far"
        )
