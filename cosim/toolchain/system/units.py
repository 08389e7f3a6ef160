"""Units: compiled sources of a compartment, a library, the switcher or the loader; what they say of functions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cosim.errors import UserError
from cosim.toolchain.assembler import assemble, read_source
from cosim.toolchain.cc import interface
from cosim.toolchain.cc.compiler import Compiled
from cosim.toolchain.cc.driver import FIRMWARE, INCLUDE, PROVIDER, RTOS_INCLUDE, RUNTIME, compile_source
from cosim.toolchain.objectfile import HIDDEN, Object
from cosim.toolchain.system.cache import cached, key_of

NOT_IN_SYSTEMS = ("console.c", "trap.c", "malloc.c", "atomic.c")
"""Parts of the bare-metal runtime that need a machine of their own; the RTOS has services instead."""
UNWIND = FIRMWARE / "rtos" / "unwind"
SCOPES = dict.fromkeys(("unwind_protect", "cleanup_unwind"), UNWIND / "protect.S")
"""Functions of error-handling scopes and their source, which every unit that uses them has a copy of."""
SCOPED_HANDLER = UNWIND / "handler.S"
GENERATED = Path("generated")


@dataclass(frozen=True, slots=True)
class Source:
    """A source file, or generated text with a name for messages."""

    path: Path
    text: str | None = None

    def read(self) -> str:
        return read_source(self.path) if self.text is None else self.text


@dataclass(frozen=True, slots=True)
class FunctionFact:
    """What the C sources say of a function; `arguments` counts registers, `place` is file:line."""

    name: str
    place: str
    compartment: str | None
    libcall: bool
    callback: bool
    interrupts: str | None
    minimum_stack: int | None
    arguments: int
    defined: bool
    static: bool


@dataclass(slots=True)
class Unit:
    """`kind` is "compartment", "library", "switcher" or "loader"."""

    name: str
    kind: str
    objects: list[Object]
    functions: list[FunctionFact]
    warnings: list[str] = field(default_factory=list)

    def defined(self, name: str) -> FunctionFact | None:
        return next((one for one in self.functions if one.name == name and one.defined), None)

    def wanted_slots(self) -> dict[str, str]:
        """Import slots that the sources mention, each with the file that does."""
        found: dict[str, str] = {}
        for obj in self.objects:
            for name, symbol in obj.symbols.items():
                if name.startswith(interface.PREFIX) and symbol.value is None:
                    found.setdefault(name, obj.name)
        return found


@dataclass(frozen=True, slots=True)
class _Made:
    obj: Object
    functions: tuple[FunctionFact, ...] = ()
    warnings: tuple[str, ...] = ()


def make_unit(
    name: str,
    kind: str,
    sources: Iterable[Source],
    *,
    include: Iterable[Path] = (),
    defines: Mapping[str, str] | None = None,
    constants: Mapping[str, int] | None = None,
) -> Unit:
    """Compile and assemble. `defines` are macros of C sources, `constants` symbols of assembly. Raises UserError."""
    made = [_make(name, source, [*include], dict(defines or {}), dict(constants or {})) for source in sources]
    unit = Unit(name, kind, [one.obj for one in made], [f for one in made for f in one.functions])
    unit.warnings = [text for one in made for text in one.warnings]
    _add_runtime(unit)
    return unit


def _make(name: str, source: Source, include: list[Path], defines: dict, constants: dict) -> _Made:
    folders = [source.path.parent] if source.text is None else []
    folders = [*folders, *include, RTOS_INCLUDE, INCLUDE]
    text = source.read()
    if source.path.suffix not in (".c", ".S", ".s"):
        raise UserError(f"{source.path}: neither C (.c) nor assembly (.S)")
    options = repr((name, str(source.path), sorted(defines.items()), sorted(constants.items()))).encode()
    key = key_of(folders, options, text.encode())
    if source.path.suffix == ".c":
        return cached(key, lambda: _compile(name, source, folders[1 if source.text is None else 0 :], defines))
    return cached(key, lambda: _Made(assemble(text, str(source.path), tuple(folders), constants)))


def _compile(name: str, source: Source, folders: list[Path], defines: dict) -> _Made:
    unit = compile_source(source.path, folders, defines, name, source.text)
    facts = tuple(_facts(unit))
    return _Made(assemble(unit.assembly, str(source.path)), facts, tuple(unit.warnings))


def _facts(unit: Compiled) -> Iterable[FunctionFact]:
    for one in unit.functions:
        marks = one.attributes
        yield FunctionFact(
            name=one.name,
            place=f"{one.place.file}:{one.place.line}",
            compartment=marks.compartment,
            libcall=marks.libcall,
            callback=marks.callback,
            interrupts=marks.interrupts,
            minimum_stack=marks.minimum_stack,
            arguments=interface.argument_registers(one.signature),
            defined=one.defined,
            static=one.static,
        )


def _provider(name: str) -> Path | None:
    """The source of a support routine, None if it is none."""
    file = PROVIDER.get(name)
    if file is not None and file not in NOT_IN_SYSTEMS:
        return RUNTIME / file
    return SCOPES.get(name)


def _add_runtime(unit: Unit) -> None:
    """Add the parts of the runtime that the unit's code calls: memcpy, 64-bit division, error-handling scopes ..."""
    defined = {name for obj in unit.objects for name, symbol in obj.symbols.items() if symbol.value is not None}
    at = 0
    while at < len(unit.objects):
        for name, symbol in list(unit.objects[at].symbols.items()):
            path = _provider(name)
            if symbol.value is not None or HIDDEN in name or name in defined or path is None:
                continue
            made = _make(unit.name, Source(path), [], {}, {})
            unit.objects.append(made.obj)
            defined.update(other for other, entry in made.obj.symbols.items() if entry.value is not None)
        at += 1


def firmware_sources(owner: str) -> list[Source]:
    """The RTOS's own sources of a compartment or library. Raises UserError if there are none."""
    folder = FIRMWARE / "rtos" / owner
    found = sorted(path for path in folder.glob("*") if path.suffix in (".c", ".S"))
    if not found:
        raise UserError(f"{folder}: no C or assembly source for {owner!r}; add one, or leave {owner!r} out")
    return [Source(path) for path in found]
