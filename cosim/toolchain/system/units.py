"""Units: compiled sources of a compartment, a library, the switcher or the loader; what they say of functions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cosim.errors import UserError
from cosim.toolchain.assembler import assemble
from cosim.toolchain.cc import interface
from cosim.toolchain.cc.compiler import Compiled
from cosim.toolchain.cc.driver import FIRMWARE, INCLUDE, PROVIDER, RTOS_INCLUDE, RUNTIME, compile_source
from cosim.toolchain.objectfile import HIDDEN, Bytes, Object
from cosim.toolchain.system.cache import cached, digest, is_stored, store, stored, toolchain_key
from cosim.toolchain.system.sources import Source, closure
from cosim.toolchain.system.unit_link import SEALED_SECTION

ATOMIC, ATOMIC_OF_UNIT = "atomic.c", "atomic_unit.c"
NOT_IN_SYSTEMS = ("console.c", "trap.c", "malloc.c", ATOMIC)
"""Parts of the bare-metal runtime that need a machine of their own; the RTOS has services instead."""
UNWIND = FIRMWARE / "rtos" / "unwind"
SCOPES = {
    **dict.fromkeys(("unwind_protect", "cleanup_unwind"), UNWIND / "protect.S"),
    **dict.fromkeys(("setjmp", "longjmp"), UNWIND / "setjmp.S"),
}
"""Functions of error-handling scopes and their source, which every unit that uses them has a copy of."""
SCOPED_HANDLER = UNWIND / "handler.S"


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


@dataclass(frozen=True, slots=True)
class SealedFact:
    """A static sealed object as a C source defines it."""

    file: str
    owner: str
    key: str
    name: str
    contents: bytes


@dataclass(frozen=True, slots=True)
class Piece:
    """One compiled source without its code: the symbols it defines and those it only uses, and what C says."""

    name: str
    key: str
    """Of the object in the store."""
    defined: frozenset[str]
    used: tuple[str, ...]
    functions: tuple[FunctionFact, ...] = ()
    warnings: tuple[str, ...] = ()
    sealed: tuple[SealedFact, ...] = ()

    def load(self) -> Object:
        return stored(self.key)


@dataclass(slots=True)
class Unit:
    """`kind` is "compartment", "library", "switcher" or "loader"."""

    name: str
    kind: str
    pieces: list[Piece]

    @property
    def functions(self) -> list[FunctionFact]:
        return [fact for piece in self.pieces for fact in piece.functions]

    @property
    def warnings(self) -> list[str]:
        return [text for piece in self.pieces for text in piece.warnings]

    @property
    def objects(self) -> list[Object]:
        return [piece.load() for piece in self.pieces]

    def function(self, name: str) -> FunctionFact | None:
        """What C says of a function that the unit defines."""
        return next((one for one in self.functions if one.name == name and one.defined), None)

    def defines(self, name: str) -> bool:
        return any(name in piece.defined for piece in self.pieces)

    def undefined(self) -> dict[str, str]:
        """Names that the sources use and do not define, each with the file that uses it first."""
        found: dict[str, str] = {}
        for piece in self.pieces:
            for name in piece.used:
                if not self.defines(name):
                    found.setdefault(name, piece.name)
        return found

    def wanted_slots(self) -> dict[str, str]:
        """Import slots that the sources mention, each with the file that does."""
        return {name: file for name, file in self.undefined().items() if name.startswith(interface.PREFIX)}


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
    unit = Unit(name, kind, [_make(name, s, [*include], dict(defines or {}), dict(constants or {})) for s in sources])
    _add_runtime(unit)
    return unit


def _make(name: str, source: Source, include: list[Path], defines: dict, constants: dict) -> Piece:
    if source.path.suffix not in (".c", ".S", ".s"):
        raise UserError(f"{source.path}: neither C (.c) nor assembly (.S)")
    own = [source.path.parent] if source.text is None else []
    folders = [*own, *include, RTOS_INCLUDE, INCLUDE]
    text = source.read()
    headers, words = closure(text, tuple(folders))
    defines = {macro: value for macro, value in defines.items() if macro in words}
    options = repr((name, str(source.path), sorted(defines.items()), sorted(constants.items())))
    key = digest(toolchain_key(), options, text, *headers)

    def make() -> Piece:
        if source.path.suffix == ".c":
            compiled = compile_source(source.path, folders[len(own) :], defines, name, source.text)
            obj = assemble(compiled.assembly, str(source.path))
            facts, warnings = tuple(_facts(compiled)), tuple(compiled.warnings)
        else:
            obj, facts, warnings = assemble(text, str(source.path), tuple(folders), constants), (), ()
        store(f"{key}.o", obj)
        shown = {
            name: symbol for name, symbol in obj.symbols.items() if HIDDEN not in name and not name.startswith(".L")
        }
        defined = frozenset(name for name, symbol in shown.items() if symbol.value is not None)
        used = tuple(name for name, symbol in shown.items() if symbol.value is None)
        return Piece(obj.name, f"{key}.o", defined, used, facts, warnings, tuple(_sealed(obj)))

    return cached(key, make, lambda piece: is_stored(piece.key))


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


def _sealed(obj: Object) -> Iterable[SealedFact]:
    """Raises UserError for an object with an address in it, which nothing could fill in."""
    for section in obj.sections.values():
        if not section.name.startswith(SEALED_SECTION):
            continue
        owner, key, name = section.name.removeprefix(SEALED_SECTION).split(".", 2)
        pieces = [fragment for fragment in section.fragments if isinstance(fragment, Bytes)]
        if any(fragment.slots or fragment.fixups for fragment in pieces):
            raise UserError(f"{obj.name}: sealed object {name!r} holds an address; its contents must be plain numbers")
        yield SealedFact(obj.name, owner, key, name, b"".join(bytes(fragment.data) for fragment in pieces))


def _provider(name: str) -> Path | None:
    """The source of a support routine, None if it is none."""
    function = name.removeprefix(interface.sentry_slot(""))
    file = PROVIDER.get(function)
    if file == ATOMIC:
        return RUNTIME / ATOMIC_OF_UNIT if function != name else None
    if file is not None and file not in NOT_IN_SYSTEMS:
        return RUNTIME / file
    return SCOPES.get(name)


def _add_runtime(unit: Unit) -> None:
    """Add the parts of the runtime that the unit's code calls: memcpy, 64-bit division, error-handling scopes ..."""
    added: set[Path] = set()
    while True:
        missing = [path for path in map(_provider, unit.undefined()) if path is not None and path not in added]
        if not missing:
            return
        added.add(missing[0])
        unit.pieces.append(_make(unit.name, Source(missing[0]), [], {}, {}))
