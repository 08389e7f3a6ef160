"""A system as its user writes it: a TOML file with sources, threads and authority, read into an image description.

Every message names the file and the key. What an export leaves open (posture, arguments, minimum stack) is taken from
the attributes in its source; what it states is checked against them when the system is built.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cosim.toolchain.system.build import System, build
from cosim.toolchain.system.describe import DEFAULT
from cosim.toolchain.system.hardware import devices, macros
from cosim.toolchain.system.sources import Source
from cosim.toolchain.system.toml_table import Table, read_toml
from cosim.toolchain.system.units import FunctionFact, Unit, make_unit
from rtl.config import ConfigError, SocConfig, profile
from rtos_model.services import image as model
from rtos_model.services.allocator import default_quota
from rtos_model.services.image import (
    Compartment,
    Device,
    DeviceImport,
    Export,
    Image,
    Initialiser,
    Interrupt,
    KeyImport,
    Library,
    Posture,
    RevokerKind,
    SealedImport,
    SharedImport,
    SharedObject,
    Thread,
)
from rtos_model.services.registry import link

HANDLER_FORMS = {
    "compartment_error_handler": "rich",
    "compartment_error_handler_stackless": "stackless",
}


@dataclass(slots=True)
class Described:
    """A system from a file, ready to be built."""

    image: Image
    sources: dict[str, list[Source]]
    config: SocConfig
    include: list[Path]
    defines: dict[str, str]
    file: str

    def build(self) -> System:
        """Raises UserError with what to mend."""
        return build(
            self.image,
            self.sources,
            config=self.config,
            include=self.include,
            defines=self.defines,
            described_in=self.file,
        )


@dataclass(slots=True)
class _Reading:
    """What is known before any source has been compiled; the names are those of `Image`."""

    threads: tuple[Thread, ...]
    interrupts: tuple[Interrupt, ...]
    timer_hz: int
    tick_hz: int
    revoker: RevokerKind


def read_system(path: Path) -> Described:
    """Read a system's TOML file and compile its sources. Raises UserError naming file and key."""
    return _Reader(read_toml(path), path.parent).run()


class _Reader:
    def __init__(self, top: Table, folder: Path):
        self.top, self.folder = top, folder
        self.sources: dict[str, list[Source]] = {}

    def run(self) -> Described:
        top = self.top
        try:
            config = profile(top.text("profile", "safe"))
        except ConfigError as error:
            raise top.error("profile", str(error)) from None
        self.include = [self.folder / one for one in top.texts("include")]
        self.defines = {name: str(value) for name, value in top.get("defines", dict, {}).items()}  # type: ignore[attr-defined]
        reading = _Reading(
            tuple(self._thread(name, table) for name, table in top.tables("threads").items()),
            tuple(self._interrupt(name, table) for name, table in top.tables("interrupts").items()),
            top.number("timer_hz", 100_000),
            top.number("tick_hz", 10),
            self._revoker(),
        )
        if not reading.threads:
            raise top.error("threads", "a system needs at least one")
        self.macros = macros(reading, config) | self.defines  # type: ignore[arg-type]
        quotas = self._quotas()
        compartments = [self._compartment(n, t, quotas) for n, t in top.tables("compartments").items()]
        libraries = [self._library(n, t) for n, t in top.tables("libraries").items()]
        heap_size = top.number("heap_size", 65_536)
        sealed = [*self._sealed(), *(model.quota(default_quota(name), size) for name, size in quotas.items())]
        own = devices(config, 0, heap_size)
        more = [self._device(name, table) for name, table in top.tables("devices").items()]
        shared = [SharedObject(name=n, size=self._size(t)) for n, t in top.tables("shared_objects").items()]
        initialisers = [self._initialiser(order, text) for order, text in enumerate(top.texts("initialisers"), 1)]
        top.end()
        for name in quotas:
            if name not in (one.name for one in compartments):
                raise top.error(f"quotas.{name}", "no such compartment")
        image = top.checked(
            lambda: link(
                compartments=compartments,
                threads=reading.threads,
                program={},
                interrupts=reading.interrupts,
                sealed_objects=sealed,
                devices=[*(one for one in own if one.name != "revoker"), *more],
                shared_objects=shared,
                initialisers=tuple(initialisers),
                heap_size=heap_size,
                revoker=reading.revoker,
                timer_hz=reading.timer_hz,
                tick_hz=reading.tick_hz,
                libraries=libraries,
            )
        )
        return Described(image, self.sources, config, self.include, self.defines, self.top.file)  # type: ignore[arg-type]

    def _quotas(self) -> dict[str, int]:
        table = Table(self.top.file, "quotas", self.top.get("quotas", dict, {}))  # type: ignore[arg-type]
        return {name: table.number(name) for name in table.values}

    # ---------------------------------------------------------------------- units

    def _unit(self, name: str, table: Table, kind: str) -> Unit:
        paths = [self.folder / one for one in table.texts("sources")]
        if not paths:
            raise table.error("sources", "name at least one C or assembly file")
        self.sources[name] = [Source(path) for path in paths]
        return make_unit(name, kind, self.sources[name], include=self.include, defines=self.macros)

    def _compartment(self, name: str, table: Table, quotas: dict[str, int]) -> Compartment:
        unit = self._unit(name, table, "compartment")
        keys = tuple(table.texts("keys"))
        imports = [*self._imports(table), *(KeyImport(key=key) for key in keys)]
        if name in quotas:
            imports.append(SealedImport(sealed=default_quota(name)))
        handlers = tuple(form for label, form in HANDLER_FORMS.items() if unit.defines(label))
        if table.flag("scoped_handler", False):
            handlers = (*handlers, "scoped")
        exports = tuple(self._export(one, unit, Compartment) for one in table.named("exports"))
        table.end()
        return Compartment(name=name, exports=exports, imports=tuple(imports), keys=keys, handlers=handlers)

    def _library(self, name: str, table: Table) -> Library:
        unit = self._unit(name, table, "library")
        imports = self._imports(table)
        exports = tuple(self._export(one, unit, Library) for one in table.named("exports"))
        table.end()
        return Library(name=name, exports=exports, imports=tuple(imports))

    @staticmethod
    def _export(table: Table, unit: Unit, kind: type) -> Export:
        name = table.text("name")
        fact: FunctionFact | None = unit.function(name)
        stated = fact.interrupts if fact and fact.interrupts else DEFAULT[kind].value
        posture = table.text("posture", stated)
        if posture not in [one.value for one in Posture]:
            raise table.error("posture", f"{posture!r}: enabled, disabled or inherit")
        least = table.number("min_stack", fact.minimum_stack or 0 if fact else 0)
        arguments = table.number("arguments", fact.arguments if fact else 0)
        table.end()
        return Export(name=name, posture=Posture(posture), min_stack=least, arguments=arguments)

    @staticmethod
    def _imports(table: Table) -> list:
        found: list = []
        for one in table.named("devices"):
            length = one.number("length", 0) or None
            found.append(
                DeviceImport(
                    device=one.text("name"),
                    permissions=one.text("permissions", "RW"),
                    offset=one.number("offset", 0),
                    length=length,
                )
            )
            one.end()
        for one in table.named("shared"):
            found.append(SharedImport(shared=one.text("name"), permissions=one.text("permissions", "RW")))
            one.end()
        return found + [SealedImport(sealed=name) for name in table.texts("sealed")]

    # ---------------------------------------------------------------------- the rest

    def _thread(self, name: str, table: Table) -> Thread:
        compartment, entry = self._entry(table.text("entry"), table, "entry")
        found = Thread(
            name=name,
            compartment=compartment,
            entry=entry,
            priority=table.number("priority", 1),
            stack=table.number("stack", 1024),
            frames=table.number("frames", 8),
        )
        table.end()
        return found

    @staticmethod
    def _entry(text: str, table: Table, key: str) -> tuple[str, str]:
        compartment, dot, entry = text.partition(".")
        if not (compartment and dot and entry):
            raise table.error(key, f"{text!r} is no compartment.function")
        return compartment, entry

    def _initialiser(self, order: int, text: str) -> Initialiser:
        compartment, entry = self._entry(text, self.top, f"initialisers[{order - 1}]")
        return Initialiser(compartment=compartment, entry=entry, order=order)

    @staticmethod
    def _interrupt(name: str, table: Table) -> Interrupt:
        number, level, edge = table.number("number"), table.number("priority", 1), table.flag("edge", False)
        table.end()
        return Interrupt(name=name, number=number, priority=level, edge=edge)

    @staticmethod
    def _device(name: str, table: Table) -> Device:
        found = Device(name=name, start=table.number("start"), length=table.number("length"))
        table.end()
        return found

    @staticmethod
    def _size(table: Table) -> int:
        size = table.number("size")
        table.end()
        return size

    def _revoker(self) -> RevokerKind:
        name = self.top.text("revoker", "interrupt")
        kinds = {kind.name.lower(): kind for kind in RevokerKind}
        if name not in kinds:
            raise self.top.error("revoker", f"{name!r}: one of {', '.join(kinds)}")
        return kinds[name]

    def _sealed(self) -> Iterable[model.SealedObject]:
        for name, table in self.top.tables("sealed_objects").items():
            yield model.SealedObject(
                name=name, owner=table.text("owner"), key=table.text("key"), contents=self._contents(table)
            )
            table.end()
        for name, table in self.top.tables("interrupt_rights").items():
            waits, completes = table.flag("may_wait", True), table.flag("may_complete", True)
            yield model.interrupt_right(name, table.number("number"), may_wait=waits, may_complete=completes)
            table.end()

    @staticmethod
    def _contents(table: Table) -> bytes:
        """`bytes` in hexadecimal, or `text` filled up to `size` with zeros."""
        if "text" in table.values:
            raw = table.text("text").encode()
            size = table.number("size", len(raw) + 1)
            if len(raw) > size:
                raise table.error("size", f"{size} bytes cannot hold the text's {len(raw)}")
            return raw.ljust(size, b"\0")
        try:
            return bytes.fromhex(table.text("bytes"))
        except ValueError:
            raise table.error("bytes", "hexadecimal digits, two a byte") from None
