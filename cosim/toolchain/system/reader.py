"""Reads a built image back as the loader will: header, tables, entries; and says what breaks the format's rules.

It sees memory and the header's address only, so what it reports is what was really placed.
Source: platform specification 5.2 (structures, classification of imports) and 5.6 (rules).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from cosim.toolchain.image import Image as LinkedImage
from cosim.toolchain.system import header
from rtos_model.machine.capability import alignment_mask, representable_length

Extent = tuple[int, int]
STACK_LIMIT = 65_280
PRIORITIES = 32


class Memory:
    """The bytes that the image puts in memory; what it does not mention is zero."""

    def __init__(self, image: LinkedImage):
        self.segments = image.segments()

    def read(self, address: int, size: int) -> bytes:
        data = bytearray(size)
        for segment in self.segments:
            start = max(address, segment.address)
            end = min(address + size, segment.address + len(segment.data))
            if start < end:
                data[start - address : end - address] = segment.data[start - segment.address : end - segment.address]
        return bytes(data)

    def structure(self, name: str, address: int) -> dict:
        return header.decode(name, self.read(address, header.size(name)))


@dataclass(frozen=True, slots=True)
class SeenExport:
    """`address` is the entry's, `function` the code's; a sealing type has no function."""

    address: int
    function: int
    min_stack: int
    arguments: int
    posture: str
    is_key: bool


@dataclass(frozen=True, slots=True)
class SeenImport:
    """`kind` is "sentry", "entry", "key", "sealed" or "region"; `target` the export entry's or the object's address."""

    slot: int
    kind: str
    target: int
    size: int = 0
    letters: str = ""


@dataclass(slots=True)
class SeenUnit:
    """A record of the header. `kind` is "privileged", "library" or "compartment"."""

    kind: str
    code: Extent
    data: Extent
    exports_at: Extent
    imports_at: Extent
    sealed: Extent
    relocations: Extent = (0, 0)
    initialised: int = 0
    handlers: tuple[int, int] = (0, 0)
    exports: list[SeenExport] = field(default_factory=list)
    imports: list[SeenImport] = field(default_factory=list)


@dataclass(slots=True)
class Seen:
    """Everything that the header describes; units in its order."""

    switcher: dict
    units: list[SeenUnit]
    initialisers: list[int]
    threads: list[dict]
    switcher_exports: list[SeenExport]
    problems: list[str]


def read(image: LinkedImage, at: int) -> Seen:
    """Read the image whose header lies at this address, and check it."""
    memory = Memory(image)
    switcher = memory.structure("SWITCHER", at)
    units, place = [], at + header.HEADER_SCHEDULER
    for _ in header.PRIVILEGED:
        units.append(_privileged(memory.structure("PRIVILEGED", place)))
        place += header.size("PRIVILEGED")
    fixed = memory.structure("FIXED", place)
    problems = [] if fixed["MAGIC"] == header.MAGIC else [f"magic {fixed['MAGIC']:#x} is not {header.MAGIC:#x}"]
    place += header.size("FIXED")
    for index in range(fixed["LIBRARIES"] + fixed["COMPARTMENTS"]):
        kind = "library" if index < fixed["LIBRARIES"] else "compartment"
        units.append(_unit(kind, memory.structure("UNIT", place)))
        place += header.size("UNIT")
    count = memory.structure("THREADS", place)["COUNT"]
    place += header.size("THREADS")
    threads = [memory.structure("THREAD", place + index * header.size("THREAD")) for index in range(count)]
    for unit in units:
        _read_exports(memory, unit)
    seen = Seen(switcher, units, [], threads, _entries(memory, switcher["EXPORTS"], switcher["CODE"][0]), problems)
    for unit in units:
        unit.imports = [_classified(memory, seen, unit, slot) for slot in _slots(unit)]
    start, size = fixed["INITIALISERS"]
    entry = header.size("IMPORT")
    seen.initialisers = [memory.structure("IMPORT", start + n * entry)["ADDRESS"] for n in range(size // entry)]
    seen.problems += _problems(memory, seen)
    return seen


def _privileged(found: dict) -> SeenUnit:
    return SeenUnit("privileged", found["CODE"], found["DATA"], found["EXPORTS"], found["IMPORTS"], found["SEALED"])


def _unit(kind: str, found: dict) -> SeenUnit:
    imports = found["CODE"][0], found["IMPORT_BYTES"]
    unit = SeenUnit(kind, found["CODE"], found["DATA"], found["EXPORTS"], imports, found["SEALED"])
    unit.relocations, unit.initialised = found["RELOCATIONS"], found["INITIALISED"]
    return unit


def _read_exports(memory: Memory, unit: SeenUnit) -> None:
    start, _ = unit.exports_at
    table = memory.structure("EXPORT_TABLE", start)
    unit.handlers = table["HANDLER"], table["STACKLESS_HANDLER"]
    unit.exports = _entries(memory, unit.exports_at, unit.code[0])


def _entries(memory: Memory, extent: Extent, code: int) -> list[SeenExport]:
    """All of a table's entries; the padding at its end has neither function nor flags."""
    found = []
    start, size = extent
    for at in range(start + header.size("EXPORT_TABLE"), start + size, header.size("EXPORT")):
        entry = memory.structure("EXPORT", at)
        flags = entry["FLAGS"]
        if not entry["OFFSET"] and not flags:
            continue
        posture = {header.EXPORT_ENABLED: "enabled", header.EXPORT_DISABLED: "disabled", 0: "inherit"}.get(
            flags & (header.EXPORT_ENABLED | header.EXPORT_DISABLED), "contradictory"
        )
        is_key = bool(flags & header.EXPORT_SEALING_TYPE)
        least = entry["MIN_STACK"] * header.MIN_STACK_UNIT
        function = code + entry["OFFSET"]
        found.append(SeenExport(at, function, least, flags & header.EXPORT_ARGUMENTS, posture, is_key))
    return found


def _slots(unit: SeenUnit) -> range:
    """Addresses of the entries behind the switcher's."""
    start, size = unit.imports_at
    return range(start + header.size("IMPORT"), start + size, header.size("IMPORT"))


def _inside(address: int, extent: Extent) -> bool:
    return extent[0] <= address < extent[0] + extent[1]


def _classified(memory: Memory, seen: Seen, unit: SeenUnit, slot: int) -> SeenImport:
    """By the loader's rules, in their order."""
    entry = memory.structure("IMPORT", slot)
    address, word = entry["ADDRESS"], entry["SIZE_AND_PERMISSIONS"]
    size = word & header.IMPORT_SIZE
    libraries = [seen.units[len(header.PRIVILEGED) - 1], *(other for other in seen.units if other.kind == "library")]
    callable_tables = [unit.exports_at, seen.switcher["EXPORTS"], *(other.exports_at for other in libraries)]
    if address % 2 and any(_inside(address - 1, table) for table in callable_tables):
        return SeenImport(slot, "sentry", address - 1)
    if _inside(address, unit.sealed):
        return SeenImport(slot, "sealed", address, size)
    if any(_inside(address, other.exports_at) for other in seen.units):
        own = [export for export in unit.exports if export.address == address]
        return SeenImport(slot, "key" if own and own[0].is_key else "entry", address, size)
    letters = "".join(letter for letter, bit in header.IMPORT_PERMISSIONS.items() if word & bit)
    return SeenImport(slot, "region", address, size, letters)


# ------------------------------------------------------------------------------------------- rules


def _exact(extent: Extent) -> bool:
    start, size = extent
    return representable_length(size) == size and not start & ~alignment_mask(size) & 0xFFFF_FFFF


def _problems(memory: Memory, seen: Seen) -> Iterator[str]:
    end = 0
    for index, unit in enumerate(seen.units):
        where = f"{unit.kind} record {index} with code at {unit.code[0]:#x}"
        for what, extent in (("code", unit.code), ("globals", unit.data), ("export table", unit.exports_at)):
            if not _exact(extent):
                yield f"{where}: no capability covers its {what} {extent[0]:#x}+{extent[1]:#x} exactly"
        if unit.code[0] < end:
            yield f"{where}: overlaps the code before it, or comes out of order"
        end = unit.code[0] + unit.code[1]
        if not _inside(unit.imports_at[0], unit.code) or unit.imports_at[1] % header.size("IMPORT"):
            yield f"{where}: its import table does not lie in its code"
        if memory.structure("IMPORT", unit.imports_at[0]) != {"ADDRESS": 0, "SIZE_AND_PERMISSIONS": 0}:
            yield f"{where}: slot 0 is not left to the switcher"
        yield from _export_problems(unit, where)
        yield from _import_problems(seen, unit, where)
        yield from _relocation_problems(memory, unit, where)
    yield from _thread_problems(seen)


def _export_problems(unit: SeenUnit, where: str) -> Iterator[str]:
    for export in unit.exports:
        if export.is_key:
            continue
        if not _inside(export.function, unit.code):
            yield f"{where}: the entry at {export.address:#x} starts outside the code"
        if export.posture == "contradictory":
            yield f"{where}: the entry at {export.address:#x} asks for interrupts on and off"
    before = unit.imports_at[0] + unit.imports_at[1] - unit.code[0]
    for offset in unit.handlers:
        if offset != header.NO_HANDLER and before + offset >= unit.code[1]:
            yield f"{where}: an error handler lies outside the code"
    if unit.kind == "library" and unit.data[1]:
        yield f"{where}: a library has globals"


def _import_problems(seen: Seen, unit: SeenUnit, where: str) -> Iterator[str]:
    entries = {export.address: export for other in seen.units for export in other.exports}
    entries |= {export.address: export for export in seen.switcher_exports}
    for one in unit.imports:
        place = f"{where}: import slot {(one.slot - unit.imports_at[0]) // 8}"
        if one.kind in ("sentry", "entry", "key") and one.target not in entries:
            yield f"{place} names {one.target:#x}, where no entry begins"
        elif one.kind == "entry" and entries[one.target].posture == "inherit":
            yield f"{place} calls another compartment without a posture"
        elif one.kind == "region" and not _exact((one.target, one.size)):
            yield f"{place} cannot cover {one.target:#x}+{one.size:#x} exactly"
        elif one.kind == "region" and not set(one.letters) & set("RW"):
            yield f"{place} asks for neither load nor store"


def _relocation_problems(memory: Memory, unit: SeenUnit, where: str) -> Iterator[str]:
    start, size = unit.relocations
    if size and unit.kind == "privileged":
        yield f"{where}: a privileged unit has relocations"
    for at in range(start, start + size, header.size("RELOCATION")):
        found = memory.structure("RELOCATION", at)
        home = unit.code if found["FLAGS"] & header.RELOCATION_FUNCTION else None
        if not any(_inside(found["LOCATION"], extent) for extent in (unit.code, unit.data)):
            yield f"{where}: the relocation at {at:#x} writes outside the compartment"
        if not any(_inside(found["BASE"], extent) for extent in ((home,) if home else (unit.code, unit.data))):
            yield f"{where}: the relocation at {at:#x} points outside the compartment"


def _thread_problems(seen: Seen) -> Iterator[str]:
    entries = {export.address for unit in seen.units for export in unit.exports if not export.is_key}
    levels = sorted({thread["PRIORITY"] for thread in seen.threads})
    if levels != list(range(len(levels))) or len(levels) > PRIORITIES:
        yield f"thread priorities {levels} are not 0, 1, 2 ... below {PRIORITIES}"
    for index, thread in enumerate(seen.threads, 1):
        start, size = thread["STACK"]
        if thread["ENTRY"] not in entries:
            yield f"thread {index} does not start at an entry"
        if not 0 < size <= STACK_LIMIT or start % 16 or size % 16 or not _exact(thread["STACK"]):
            yield f"thread {index}: a stack at {start:#x} of {size} bytes"
        trusted = thread["TRUSTED_STACK"]
        least = header.size("TRUSTED_STACK") + header.size("TRUSTED_FRAME")
        if trusted[1] < least or not _exact(trusted):
            yield f"thread {index}: a trusted stack of {trusted[1]} bytes"
    for at in seen.initialisers:
        if at not in entries:
            yield f"an initialiser at {at:#x} is no entry"
