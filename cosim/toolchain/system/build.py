"""Builds a system: description and sources to the linked image, in two rounds of linking (sizes, then addresses)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from cosim.errors import UserError
from cosim.toolchain.elf import write_elf
from cosim.toolchain.elf_reader import read_elf
from cosim.toolchain.image import Image as LinkedImage
from cosim.toolchain.listing import disassembly, link_map
from cosim.toolchain.system import header, tables
from cosim.toolchain.system.assemble import assemble_image
from cosim.toolchain.system.audit import Auditor, Report
from cosim.toolchain.system.cache import cached, digest, toolchain_key
from cosim.toolchain.system.describe import Described, check, complete, members, reachable
from cosim.toolchain.system.hardware import macros, with_hardware
from cosim.toolchain.system.place import Places, Sizes, place
from cosim.toolchain.system.sources import Source, firmware_sources
from cosim.toolchain.system.tables import Slot, unit_of
from cosim.toolchain.system.unit_link import Linked, link_unit
from cosim.toolchain.system.units import SCOPED_HANDLER, Unit, make_unit
from cosim.toolchain.system.values import import_value
from rtl.config import SAFE, SocConfig
from rtos_model.services.errors import ServiceModelError
from rtos_model.services.image import Image, Import, Library

START, LOADER = "start", "loader"
CORE = (header.SWITCHER, START, LOADER)
"""Units without an import table; they see each other's symbols."""
ROUNDS = 4
START_SOURCE = "start.S"
FIRST_CODE, FIRST_DATA = 0x2004_0000, 0x2100_0000
"""Addresses of the first round; any that everything may lie at."""


@dataclass(slots=True)
class System:
    """A built system. `description` is the image as built: hardware grants and what the code implied included."""

    description: Image
    config: SocConfig
    places: Places
    units: dict[str, Unit]
    slots: dict[str, list[Slot]]
    linked: dict[str, Linked]
    image: LinkedImage
    auditor: Auditor
    warnings: list[str] = field(default_factory=list)

    def report(self, file: str) -> Report:
        """The audit report, for an image of that name."""
        return self.auditor.report(file)

    @property
    def elf(self) -> bytes:
        return write_elf(self.image)

    def listing(self) -> Iterator[str]:
        """Lines of the disassembly with the assembly sources beside it."""
        objects = [obj for unit in self.units.values() for obj in unit.objects]
        shown = replace(self.image, sources={file: text for obj in objects for file, text in obj.sources.items()})
        return disassembly(read_elf(self.elf, "system"), shown)

    def map(self) -> Iterator[str]:
        """Lines of the linker map."""
        return link_map(self.image)

    def function(self, unit: str, name: str) -> int:
        """Address of a function. Raises KeyError."""
        found = self.linked[unit].find(name)
        if found is None:
            raise KeyError(f"{unit}.{name}")
        return found.address

    def functions(self, unit: str) -> dict[str, int]:
        """Every exported function of a unit with its address."""
        one = next(one for one in members(self.description) if one.name == unit)
        return {export.name: self.function(unit, export.name) for export in one.exports}

    def word(self, unit: str, name: str) -> tuple[int, int]:
        """Address and size of a global. Raises KeyError."""
        found = self.linked[unit].find(name)
        if found is None:
            raise KeyError(f"{unit}.{name}")
        return found.address, found.size

    def line_of(self, address: int) -> tuple[str, str, int] | None:
        """Unit, file and line of the C code at an address, None where no record covers it."""
        for name, linked in self.linked.items():
            start, size = linked.code
            if start <= address < start + size:
                before = [line for line in linked.lines if line[0] <= address]
                return (name, *before[-1][1:]) if before else None
        return None


def build(
    image: Image,
    sources: Mapping[str, Iterable[Source]],
    *,
    config: SocConfig = SAFE,
    include: Iterable[Path] = (),
    defines: Mapping[str, str] | None = None,
    grants: Mapping[str, tuple[Import, ...]] | None = None,
    described_in: str = "the description",
) -> System:
    """Build for a system. `sources` of a unit replace the RTOS's own; `grants` are further imports by unit;
    messages call the description by `described_in`.

    Raises UserError with what to mend.
    """
    try:
        granted = with_hardware(image, config, grants or {})
        return _build(granted, dict(sources), config, [*include], dict(defines or {}), described_in)
    except ServiceModelError as error:
        raise UserError(str(error)) from None


def _build(
    image: Image,
    sources: dict,
    config: SocConfig,
    include: list[Path],
    defines: dict[str, str],
    described_in: str,
) -> System:
    _check_core(image)
    compiler = _Compiler(image, sources, config, include, defines)
    image, units = reachable(image, compiler.unit)
    units |= compiler.boot()
    image = complete(image, units)
    check(image, units, described_in)
    slots = {one.name: tables.slots(image, one, units[one.name]) for one in members(image)}
    linked = {name: _first_round(unit, slots.get(name, [])) for name, unit in units.items()}
    for _ in range(ROUNDS):
        places = place(image, _sizes(linked), config)
        image = with_heap(image, places)
        constants = places.constants()
        core = {n: at for name in CORE for n, at in _moved(linked[name], places).items()} | constants
        placed = {}
        for name, unit in units.items():
            found = slots.get(name, [])
            values = [import_value(image, unit_of(image, name), slot, places) for slot in found]
            placed[name] = _link(unit, found, values, *_at(name, places), core if name in CORE else constants)
        settled = all(_same_size(linked[name], placed[name]) for name in units)
        linked = placed
        if settled:
            break
    else:
        raise UserError("the layout does not settle; look at code whose size depends on addresses")
    final = assemble_image(image, units, slots, linked, places)
    auditor = Auditor(image, places, slots, linked, final)
    wrong = auditor.differences()
    if wrong:
        raise UserError("the image breaks the rules of its format: " + "; ".join(wrong))
    warnings = [text for unit in units.values() for text in unit.warnings]
    return System(image, config, places, units, slots, linked, final, auditor, warnings)


def _check_core(image: Image) -> None:
    have = {one.name for one in members(image)}
    for name in (header.SWITCHER, *header.PRIVILEGED):
        if name not in have:
            raise UserError(f"the description lacks {name!r}, which every system has; make it with registry.link")


def with_heap(image: Image, places: Places) -> Image:
    """The image with the heap's true address in its devices."""
    moved = [replace(device, start=places.heap[0]) if device.name == "heap" else device for device in image.devices]
    return replace(image, devices=tuple(moved))


class _Compiler:
    def __init__(self, image: Image, sources: dict, config: SocConfig, include: list[Path], defines: dict):
        self.sources = sources
        self.common = {"include": include, "defines": macros(image, config) | defines}

    def _of(self, name: str) -> list[Source]:
        return [*self.sources[name]] if name in self.sources else firmware_sources(name)

    def unit(self, one: Described) -> Unit:
        kind = "library" if isinstance(one, Library) else "compartment"
        known = {"constants": header.constants()} if one.name == header.SWITCHER else {}
        scoped = [Source(SCOPED_HANDLER)] if "scoped" in getattr(one, "handlers", ()) else []
        return make_unit(one.name, kind, [*self._of(one.name), *scoped], **self.common, **known)

    def boot(self) -> dict[str, Unit]:
        """The start code and the rest of the loader, which know the header's structure."""
        sources = self._of(LOADER)
        first = [source for source in sources if source.path.name == START_SOURCE]
        if not first:
            raise UserError(f"the loader has no {START_SOURCE}, the code that the system starts with")
        facts = header.constants()
        numbers = {name: f"{value:#x}U" for name, value in facts.items()}
        known = {**self.common, "defines": self.common["defines"] | numbers, "constants": facts}
        rest = [source for source in sources if source not in first]
        return {START: make_unit(START, "loader", first, **known), LOADER: make_unit(LOADER, "loader", rest, **known)}


def _first_round(unit: Unit, found: list[Slot]) -> Linked:
    """Linked anywhere, for its size; what the rest of the system defines is anywhere, too."""
    return _link(unit, found, None, FIRST_CODE, FIRST_DATA, dict.fromkeys(unit.undefined(), FIRST_CODE))


def _link(unit: Unit, found: list[Slot], values, code: int, data: int, constants: Mapping[str, int]) -> Linked:
    has_table = unit.name not in CORE
    table = tables.import_table(unit.name, found, values) if has_table else ""
    used = {name: constants[name] for name in unit.undefined() if name in constants}
    is_library = unit.kind == "library" or unit.name == START
    place_and_means = repr((unit.name, code, data, sorted(used.items()), is_library))
    key = digest(toolchain_key(), "linked", place_and_means, table, *(piece.key for piece in unit.pieces))
    return cached(key, lambda: link_unit(unit.name, unit.objects, table, code, data, used, is_library))


def _at(name: str, places: Places) -> tuple[int, int]:
    """Where a unit's code and data go; without data any place will do."""
    return places.code[name][0], places.data.get(name, (FIRST_DATA, 0))[0]


def _moved(linked: Linked, places: Places) -> dict[str, int]:
    """A unit's global symbols as they will lie. Code and data move as blocks, for nothing in them is absolute."""
    code, data = _at(linked.name, places)
    start, size = linked.code
    found = {symbol.name: symbol.address for symbol in linked.symbols if symbol.binding != "local"}
    return {
        name: address - start + code if start <= address <= start + size else address - linked.data[0] + data
        for name, address in found.items()
    }


def _same_size(before: Linked, after: Linked) -> bool:
    return (before.code[1], before.data[1]) == (after.code[1], after.data[1])


def _sizes(linked: Mapping[str, Linked]) -> Sizes:
    return Sizes(
        {name: one.code[1] for name, one in linked.items()},
        {name: one.data[1] for name, one in linked.items()},
        {name: len(one.records) for name, one in linked.items()},
    )
