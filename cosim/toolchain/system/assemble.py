"""The linked units, the tables and the header as one image: what the loader reads at boot, bit for bit."""

from collections.abc import Mapping

from cosim.errors import UserError
from cosim.toolchain.image import Image as LinkedImage
from cosim.toolchain.image import ImageSection, ImageSymbol
from cosim.toolchain.system import header, tables
from cosim.toolchain.system.describe import Described, members
from cosim.toolchain.system.place import Extent, Places, core_first
from cosim.toolchain.system.tables import Slot
from cosim.toolchain.system.unit_link import Linked
from cosim.toolchain.system.units import Unit
from rtos_model.services.audit import function_symbol, key_symbol
from rtos_model.services.image import Compartment, Image, SealedImport

HANDLERS = ("compartment_error_handler", "compartment_error_handler_stackless")
SWITCHER_LABELS = {
    "RETURN": "switcher_return",
    "KEYS": "switcher_keys",
    "SCHEDULER_PCC": "switcher_scheduler_pcc",
    "SCHEDULER_CGP": "switcher_scheduler_cgp",
    "SCHEDULER_CSP": "switcher_scheduler_csp",
}
"""Field of the switcher's record to the label whose offset it holds."""
START = "_start"


def assemble_image(
    image: Image,
    units: Mapping[str, Unit],
    slots: Mapping[str, list[Slot]],
    linked: Mapping[str, Linked],
    places: Places,
) -> LinkedImage:
    """Everything in memory, without source texts.

    Raises UserError: handlers or labels that are missing, sizes that a field cannot hold.
    """
    writer = _Writer(image, units, slots, linked, places)
    try:
        writer.run()
    except OverflowError as error:
        raise UserError(f"the image header cannot describe this system: {error}") from None
    entry = linked["start"].find(START)
    if entry is None or entry.address != places.start[0]:
        raise UserError(f"the loader's start code must begin with the global label {START}")
    sections = sorted(writer.sections, key=lambda section: section.address)
    origins = sorted((o for one in linked.values() for o in one.origins), key=lambda origin: origin.address)
    return LinkedImage(entry.address, sections, writer.symbols, origins, {})


class _Writer:
    def __init__(self, image, units, slots, linked, places: Places):
        self.image, self.units, self.slots, self.linked, self.places = image, units, slots, linked, places
        self.by_name: dict[str, Described] = {one.name: one for one in members(image)}
        self.sections: list[ImageSection] = []
        self.symbols: list[ImageSymbol] = []

    def run(self) -> None:
        for one in self.linked.values():
            self.sections += one.sections
            self.symbols += [self._qualified(one.name, symbol) for symbol in one.symbols]
        for name, extent in self.places.exports.items():
            self._exports(name, extent)
        self._memory()
        self._sealed()
        self._initialisers()
        for name, extent in self.places.relocations.items():
            self._add(f"{name}.relocations", extent, b"".join(self.linked[name].records))
        self._add("header", self.places.header, self._header(), "a")
        for name, address in self.places.constants().items():
            self.symbols.append(ImageSymbol(name, address, 0, "notype", "global", None))

    def _add(self, name: str, extent: Extent, data: bytes = b"", flags: str = "aw") -> None:
        start, size = extent
        if size:
            contents = bytearray(data.ljust(size, b"\0") if data else b"")
            self.sections.append(ImageSection(name, flags, start, size, 8, contents))

    @staticmethod
    def _qualified(unit: str, symbol: ImageSymbol) -> ImageSymbol:
        """Names of different units may be equal: inside an image each is `unit.name`, local."""
        is_core = unit in ("start", "loader", header.SWITCHER)
        name, binding = (symbol.name, symbol.binding) if is_core else (f"{unit}.{symbol.name}", "local")
        return ImageSymbol(name, symbol.address, symbol.size, symbol.kind, binding, f"{unit}{symbol.section}")

    # ---------------------------------------------------------------------- tables

    def _exports(self, name: str, extent: Extent) -> None:
        one, linked = self.by_name[name], self.linked[name]
        functions = {export.name: self._offset(linked, export.name) for export in one.exports}
        data = tables.export_table(one, self.units[name], functions, self._handlers(one))
        section = f"{name}.exports"
        self._add(section, extent, data)
        entries = [(function_symbol(one, e.name), tables.export_index(one, e.name)) for e in one.exports]
        entries += [(key_symbol(name, key), tables.key_index(one, key)) for key in tables.keys_of(one)]
        for symbol, offset in entries:
            size = header.size("EXPORT")
            self.symbols.append(ImageSymbol(symbol, extent[0] + offset, size, "object", "global", section))

    def _offset(self, linked: Linked, function: str) -> int:
        found = linked.find(function)
        if found is None:
            raise UserError(f"{linked.name}.{function} is exported, but its sources define no such symbol")
        return found.address - linked.code[0]

    def _handlers(self, one: Described) -> tuple[int, int]:
        """Relative to the end of the import table, as the linker of the RTOS stores them."""
        linked = self.linked[one.name]
        before = tables.keys_bytes(one.name) + tables.table_bytes(self.slots[one.name])
        found = []
        for name in HANDLERS:
            symbol = linked.find(name)
            found.append(header.NO_HANDLER if symbol is None else symbol.address - linked.code[0] - before)
        return found[0], found[1]

    # ---------------------------------------------------------------------- memory without contents

    def _memory(self) -> None:
        places = self.places
        self._named("boot.trusted_stack", places.boot_trusted_stack)
        self._named("boot.stack", places.boot_stack)
        for name, extent in places.trusted_stacks.items():
            self._named(f"{name}.trusted_stack", extent)
        for name, extent in places.stacks.items():
            self._named(f"{name}.stack", extent)
        for name, extent in places.shared.items():
            self._named(name, extent)

    def _named(self, name: str, extent: Extent) -> None:
        self._add(name, extent)
        self.symbols.append(ImageSymbol(name, extent[0], extent[1], "object", "local", name))

    def _sealed(self) -> None:
        for one in self.image.sealed_objects:
            extent = self.places.sealed[one.name]
            owner = self.places.exports[one.owner][0] + tables.key_index(self.by_name[one.owner], one.key)
            self._add(f"sealed.{one.name}", extent, header.encode("SEALED_OBJECT", TYPE=owner) + one.contents)
            self.symbols.append(ImageSymbol(one.name, extent[0], extent[1], "object", "local", f"sealed.{one.name}"))

    def _initialisers(self) -> None:
        data = b""
        for one in sorted(self.image.initialisers, key=lambda one: one.order):
            data += header.encode("IMPORT", ADDRESS=self._entry(one.compartment, one.entry))
        self._add("initialisers", self.places.initialisers, data)

    def _entry(self, compartment: str, function: str) -> int:
        return self.places.exports[compartment][0] + tables.export_index(self.by_name[compartment], function)

    # ---------------------------------------------------------------------- header

    def _header(self) -> bytes:
        order = core_first(self.image)
        rest = [name for name in order if name != header.SWITCHER and name not in header.PRIVILEGED]
        libraries = sum(not isinstance(self.by_name[name], Compartment) for name in rest)
        data = self._switcher()
        data += b"".join(self._privileged(name) for name in header.PRIVILEGED)
        initialisers = (self.places.initialisers[0], header.size("IMPORT") * len(self.image.initialisers))
        data += header.encode(
            "FIXED",
            MAGIC=header.MAGIC,
            LIBRARIES=libraries,
            COMPARTMENTS=len(rest) - libraries,
            INITIALISERS=initialisers,
        )
        data += b"".join(self._unit(name) for name in rest)
        data += header.encode("THREADS", COUNT=len(self.image.threads))
        for thread, level in zip(self.image.threads, self.image.effective_priorities(), strict=True):
            data += header.encode(
                "THREAD",
                PRIORITY=level,
                ENTRY=self._entry(thread.compartment, thread.entry),
                STACK=self.places.stacks[thread.name],
                TRUSTED_STACK=self.places.trusted_stacks[thread.name],
            )
        return data

    def _switcher(self) -> bytes:
        linked = self.linked[header.SWITCHER]
        labels = {}
        for field, label in SWITCHER_LABELS.items():
            symbol = linked.find(label)
            if symbol is None:
                raise UserError(f"the switcher lacks the label {label}, whose offset the image header holds")
            labels[field] = symbol.address - linked.code[0]
        return header.encode("SWITCHER", CODE=linked.code, EXPORTS=self.places.exports[header.SWITCHER], **labels)

    def _privileged(self, name: str) -> bytes:
        linked, at = self.linked[name], tables.keys_bytes(name)
        if linked.records:
            raise UserError(
                f"{name!r} has statically initialised pointers, for which privileged units have no records; "
                "assign them in a function"
            )
        return header.encode(
            "PRIVILEGED",
            CODE=self.places.code[name],
            DATA=self.places.data.get(name, (0, 0)),
            IMPORTS=(linked.code[0] + at, tables.table_bytes(self.slots[name])),
            EXPORTS=self.places.exports[name],
            SEALED=self._sealed_range(name),
        )

    def _unit(self, name: str) -> bytes:
        linked = self.linked[name]
        relocations = self.places.relocations.get(name, (0, 0))
        return header.encode(
            "UNIT",
            CODE=self.places.code[name],
            IMPORT_BYTES=tables.table_bytes(self.slots[name]),
            EXPORTS=self.places.exports[name],
            DATA=self.places.data.get(name, (0, 0)),
            INITIALISED=linked.initialised,
            RELOCATIONS=(relocations[0], header.size("RELOCATION") * len(linked.records)),
            SEALED=self._sealed_range(name),
        )

    def _sealed_range(self, name: str) -> Extent:
        """From the first to the last sealed object that the unit imports."""
        own = [self.places.sealed[one.sealed] for one in self.by_name[name].imports if isinstance(one, SealedImport)]
        if not own:
            return 0, 0
        start = min(start for start, _ in own)
        return start, max(start + size for start, size in own) - start
