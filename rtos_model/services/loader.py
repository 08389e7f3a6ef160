"""From an image to memory: addresses, contents and the initial capabilities of compartments and threads (CP-40, CP-41).

Every capability a compartment starts with is recorded as a `Grant`, one for each import, and derived from a root by
shrinking only. `Loaded` also names addresses (`main.word`, `H.stack`, `heap#1+8`) so that logs contain none.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from rtos_model.machine.capability import (
    NULL,
    ROOT_EXECUTABLE,
    ROOT_MEMORY,
    ROOT_SEALING,
    Cap,
    Perm,
    alignment_mask,
    representable_length,
)
from rtos_model.services.errors import ServiceModelError
from rtos_model.services.image import (
    Compartment,
    DeviceImport,
    FunctionImport,
    Image,
    Import,
    KeyImport,
    Library,
    SealedImport,
    SharedImport,
)
from rtos_model.services.memory import Memory
from rtos_model.services.pointers import GLOBAL_PERMISSIONS, STACK_PERMISSIONS, permission_mask

RAM = 0x2004_0000
HEAP_ALIGNMENT = 0x1000
EXPORT_HEADER, EXPORT_ENTRY = 20, 4
FIRST_STATIC_KEY, LAST_STATIC_KEY = 16, 65_534
OTYPE_EXPORT, OTYPE_DYNAMIC, OTYPE_STATIC = 9, 11, 12
SEAL_HEADER = 8
TRUSTED_STACK_FIXED, TRUSTED_STACK_FRAME = 168, 24
HAZARDS = "allocator_hazard_pointers"
"""The shared object with every thread's hazard slots, HAZARD_SLOTS bytes each, in thread order."""
HAZARD_SLOTS = 16


@dataclass(frozen=True, slots=True)
class Grant:
    """One capability the loader gave to a compartment or library, and the import it answers."""

    holder: str
    wanted: Import
    capability: Cap


@dataclass(slots=True)
class Region:
    name: str
    start: int
    end: int
    offsets: bool = True


@dataclass(slots=True)
class Loaded:
    """The system as the loader leaves it."""

    image: Image
    memory: Memory
    heap_start: int
    heap_end: int
    grants: list[Grant] = field(default_factory=list)
    globals: dict[tuple[str, str], Cap] = field(default_factory=dict)
    exports: dict[tuple[str, str], Cap] = field(default_factory=dict)
    code: dict[str, Cap] = field(default_factory=dict)
    stacks: dict[str, Cap] = field(default_factory=dict)
    trusted_stacks: dict[str, tuple[int, int]] = field(default_factory=dict)  # start and size, for the switcher alone
    keys: dict[tuple[str, str], Cap] = field(default_factory=dict)
    sealed: dict[str, Cap] = field(default_factory=dict)
    shared: dict[str, Cap] = field(default_factory=dict)  # with all permissions
    regions: list[Region] = field(default_factory=list)
    name_heap: Callable[[int], str | None] = lambda address: None

    def global_of(self, compartment: str, name: str) -> Cap:
        try:
            return self.globals[compartment, name]
        except KeyError:
            raise ServiceModelError(f"compartment {compartment!r} has no global {name!r}; declare a Word") from None

    def export_of(self, compartment: str, function: str) -> Cap:
        try:
            return self.exports[compartment, function]
        except KeyError:
            raise ServiceModelError(f"{compartment}.{function} is not exported; add an Export") from None

    def import_of(self, compartment: str, name: str) -> Cap:
        """By the name of the object; `name:permissions` tells several imports of one object apart."""
        for grant in self.grants:
            if grant.holder == compartment and name in _names(grant.wanted):
                return grant.capability
        raise ServiceModelError(f"compartment {compartment!r} does not import {name!r}; add the import to the image")

    def hazard_slots(self, thread: int) -> Cap:
        """A thread's two slots, {W c}; thread 0 (the loader) has none."""
        if thread == 0:
            return NULL
        whole = self.shared[HAZARDS]
        own = whole.with_address(whole.address + HAZARD_SLOTS * (thread - 1)).with_bounds(HAZARD_SLOTS)
        return own.with_permissions(Perm.SD | Perm.MC)

    def name_of(self, address: int) -> str:
        """What an observer calls an address."""
        if self.heap_start <= address < self.heap_end:
            name = self.name_heap(address)
            return name if name is not None else "heap"
        for region in self.regions:
            if region.start <= address < region.end:
                offset = address - region.start
                return f"{region.name}+{offset}" if offset and region.offsets else region.name
        return "unknown"


def _names(wanted: Import) -> tuple[str, ...]:
    match wanted:
        case DeviceImport(device=name, permissions=permissions) | SharedImport(shared=name, permissions=permissions):
            return (name, f"{name}:{permissions}")
        case SealedImport(sealed=name) | KeyImport(key=name):
            return (name,)
        case FunctionImport(provider=provider, function=function):
            return (f"{provider}.{function}",)


class _Layout:
    """Hands out addresses from the bottom of RAM, exactly representable each."""

    def __init__(self) -> None:
        self.next = RAM

    def take(self, size: int, align: int = 8) -> tuple[int, int]:
        """Start and size (rounded up) of a fresh range."""
        length = representable_length((size + align - 1) & ~(align - 1))
        align = max(align, (~alignment_mask(length) & 0xFFFF_FFFF) + 1)
        start = (self.next + align - 1) & ~(align - 1)
        self.next = start + length
        return start, length


def memory_capability(start: int, length: int, permissions: Perm) -> Cap:
    """An exact capability to [start, start + length) derived from the memory root."""
    return ROOT_MEMORY.with_address(start).with_bounds(length, exact=True).with_permissions(permissions)


def sealing_capability(number: int, permissions: Perm) -> Cap:
    return ROOT_SEALING.with_address(number).with_bounds(1, exact=True).with_permissions(permissions)


def hardware_seal(cap: Cap, otype: int) -> Cap:
    return cap.seal(ROOT_SEALING.with_address(otype))


def hardware_unseal(cap: Cap, otype: int) -> Cap:
    return cap.unseal(ROOT_SEALING.with_address(otype))


def load(image: Image) -> Loaded:
    """Lay the image out, fill memory, make the grants."""
    layout = _Layout()
    units: tuple[Compartment | Library, ...] = (*image.compartments, *image.libraries)
    code = {unit.name: layout.take(unit.code_size) for unit in units}
    tables = {unit.name: layout.take(EXPORT_HEADER + EXPORT_ENTRY * len(unit.exports)) for unit in units}
    words = [(c, w, layout.take(w.size, 8 if w.size >= 8 else 4)) for c in image.compartments for w in c.globals]
    shared = {one.name: layout.take(one.size) for one in image.shared_objects}
    sealed = [(one, layout.take(SEAL_HEADER + len(one.contents))) for one in image.sealed_objects]
    stacks = {t.name: layout.take(t.stack, 16) for t in image.threads}
    frames = {t.name: TRUSTED_STACK_FRAME * (1 + t.frames) for t in image.threads}
    trusted = {name: layout.take(TRUSTED_STACK_FIXED + size) for name, size in frames.items()}
    heap_start = (layout.next + HEAP_ALIGNMENT - 1) & -HEAP_ALIGNMENT
    heap_end = heap_start + image.heap_size

    loaded = Loaded(image, Memory(RAM, heap_end - RAM), heap_start, heap_end, trusted_stacks=trusted)
    for unit in units:
        start, length = code[unit.name]
        permissions = ROOT_EXECUTABLE.permissions & ~Perm.SR
        pcc = ROOT_EXECUTABLE.with_address(start).with_bounds(length, exact=True).with_permissions(permissions)
        loaded.code[unit.name] = pcc
        start, length = tables[unit.name]
        table = memory_capability(start, length, GLOBAL_PERMISSIONS)
        for index, export in enumerate(unit.exports):
            entry = table.with_address(start + EXPORT_HEADER + EXPORT_ENTRY * index)
            reader = entry.with_permissions(GLOBAL_PERMISSIONS & ~Perm.SD)
            loaded.exports[unit.name, export.name] = hardware_seal(reader, OTYPE_EXPORT)
    for compartment, word, (start, _) in words:
        loaded.globals[compartment.name, word.name] = memory_capability(start, word.size, GLOBAL_PERMISSIONS)
        loaded.memory.poke(start, word.init or bytes(word.size))
        loaded.regions.append(Region(f"{compartment.name}.{word.name}", start, start + word.size))
    for name, (start, length) in shared.items():
        loaded.regions.append(Region(name, start, start + length))
        loaded.shared[name] = memory_capability(start, length, GLOBAL_PERMISSIONS)
    for name, (start, length) in stacks.items():
        loaded.stacks[name] = memory_capability(start, length, STACK_PERMISSIONS)
        loaded.regions.append(Region(f"{name}.stack", start, start + length, offsets=False))
    _static_keys(loaded)
    for one, (start, length) in sealed:
        number = loaded.keys[one.owner, one.key].address
        loaded.memory.poke(start, number.to_bytes(4, "little") + bytes(4) + one.contents)
        whole = memory_capability(start, length, GLOBAL_PERMISSIONS)
        loaded.sealed[one.name] = hardware_seal(whole.with_address(start + SEAL_HEADER + 7), OTYPE_STATIC)
        loaded.regions.append(Region(one.name, start + SEAL_HEADER, start + length))
    for unit in units:
        for wanted in unit.imports:
            loaded.grants.append(Grant(unit.name, wanted, _grant(loaded, unit.name, wanted, shared)))
    return loaded


def _static_keys(loaded: Loaded) -> None:
    """TK-1: numbers from 16 upwards in declaration order."""
    number = FIRST_STATIC_KEY
    for compartment in loaded.image.compartments:
        for key in compartment.keys:
            if number > LAST_STATIC_KEY:
                raise ServiceModelError(f"compartment {compartment.name!r}: key {key!r} is one too many static keys")
            permissions = Perm.GL | Perm.SE | Perm.US | Perm.U0
            loaded.keys[compartment.name, key] = sealing_capability(number, permissions)
            number += 1


def _grant(loaded: Loaded, holder: str, wanted: Import, shared: dict[str, tuple[int, int]]) -> Cap:
    match wanted:
        case FunctionImport(provider=provider, function=function):
            return loaded.exports[provider, function]
        case KeyImport(key=key):
            return loaded.keys[holder, key]
        case SealedImport(sealed=name):
            return loaded.sealed[name]
        case SharedImport(shared=name, permissions=letters):
            size = next(one.size for one in loaded.image.shared_objects if one.name == name)
            return memory_capability(shared[name][0], size, permission_mask("G" + letters))
        case DeviceImport(device=name, permissions=letters, offset=offset, length=length):
            device = next(one for one in loaded.image.devices if one.name == name)
            size = device.length - offset if length is None else length
            return memory_capability(device.start + offset, size, permission_mask("G" + letters))
