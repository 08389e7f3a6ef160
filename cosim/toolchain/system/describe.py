"""The description completed from the code and checked against it.

As a linker does, it adds what calls imply: imports of functions, and entries of functions that only their own unit
reaches through its table (callbacks, changed postures). All else must agree, and a disagreement names both places.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from cosim.errors import UserError
from cosim.toolchain.cc import interface
from cosim.toolchain.suggest import did_you_mean
from cosim.toolchain.system.header import PRIVILEGED, SWITCHER
from cosim.toolchain.system.units import FunctionFact, SealedFact, Unit
from rtos_model.services.image import (
    Compartment,
    Export,
    FunctionImport,
    Image,
    KeyImport,
    Library,
    Posture,
    SealedImport,
)
from rtos_model.services.registry import ENTRIES

Described = Compartment | Library
DEFAULT = {Compartment: Posture.ENABLED, Library: Posture.INHERIT}


def members(image: Image) -> list[Described]:
    return [*image.compartments, *image.libraries]


def reachable(image: Image, make: Callable[[Described], Unit]) -> tuple[Image, dict[str, Unit]]:
    """The image without the RTOS's services that nothing in it can reach, and the unit of each member that stays.

    What the description does not import counts too, if the code calls it.
    """
    units = {unit.name: unit for unit in members(image)}
    services = {entry.owner for entry in ENTRIES.values()}
    work = [name for name in units if name not in services or name in (*PRIVILEGED, SWITCHER)]
    work += [thread.compartment for thread in image.threads] + [one.compartment for one in image.initialisers]
    made: dict[str, Unit] = {}
    owners = {sealed.name: sealed.owner for sealed in image.sealed_objects}
    library_of = {export.name: library.name for library in image.libraries for export in library.exports}
    while work:
        name = work.pop()
        if name in made:
            continue
        made[name] = make(units[name])
        for one in units[name].imports:
            if isinstance(one, FunctionImport):
                work.append(one.provider)
            elif isinstance(one, SealedImport):
                work.append(owners[one.sealed])
        for slot in made[name].wanted_slots():
            kind, _, rest = slot.removeprefix(interface.PREFIX).partition(".")
            provider = {"entry": rest.partition(".")[0], "sentry": library_of.get(rest)}.get(kind)
            work += [provider] if provider in units else []
    kept = replace(
        image,
        compartments=tuple(one for one in image.compartments if one.name in made),
        libraries=tuple(one for one in image.libraries if one.name in made),
        sealed_objects=tuple(one for one in image.sealed_objects if one.owner in made),
    )
    return kept, {one.name: made[one.name] for one in members(kept)}


def complete(image: Image, units: Mapping[str, Unit]) -> Image:
    """The image with imports and private entries that the code implies. Raises UserError for what nobody provides."""
    described = {one.name: _with_private_entries(one, units[one.name]) for one in members(image)}
    libraries = [one for one in described.values() if isinstance(one, Library)]
    for name, one in described.items():
        unit = units[name]
        wanted = [
            _function_import(one, slot, file, described, libraries, unit)
            for slot, file in unit.wanted_slots().items()
            if slot.startswith((interface.PREFIX + "entry.", interface.PREFIX + "sentry."))
        ]
        described[name] = replace(one, imports=tuple(dict.fromkeys((*one.imports, *wanted))))
    return replace(
        image,
        compartments=tuple(described[one.name] for one in image.compartments),
        libraries=tuple(described[one.name] for one in image.libraries),
    )


def _with_private_entries(one: Described, unit: Unit) -> Described:
    known = {export.name for export in one.exports}
    slots = unit.wanted_slots()
    fresh = []
    for fact in unit.functions:
        if not fact.defined or fact.name in known:
            continue
        own = interface.entry_slot(one.name, fact.name), interface.sentry_slot(fact.name)
        if not any(slot in slots for slot in own) or fact.compartment == one.name:
            continue
        posture = Posture(fact.interrupts) if fact.interrupts else DEFAULT[Compartment if fact.callback else Library]
        known.add(fact.name)
        fresh.append(
            Export(
                name=fact.name,
                posture=posture,
                min_stack=fact.minimum_stack or 0,
                arguments=fact.arguments,
                exported=False,
            )
        )
    return replace(one, exports=(*one.exports, *fresh))


def _function_import(
    one: Described, slot: str, file: str, described: dict[str, Described], libraries: list[Library], unit: Unit
) -> FunctionImport:
    kind, _, rest = slot.removeprefix(interface.PREFIX).partition(".")
    if kind == "entry":
        provider, _, function = rest.partition(".")
        if provider not in described:
            raise UserError(
                f"{file}: {one.name!r} calls {provider}.{function}, but the system has no compartment {provider!r}"
                f"{did_you_mean(provider, list(described))}"
            )
        own = provider == one.name
        names = [export.name for export in described[provider].exports if export.exported or own]
        if function not in names:
            raise UserError(
                f"{file}: {one.name!r} calls {provider}.{function}, which {provider!r} does not export"
                f"{did_you_mean(function, names)}"
            )
        return FunctionImport(provider=provider, function=function)
    own = unit.function(rest)
    if own is not None and any(export.name == rest for export in one.exports):
        return FunctionImport(provider=one.name, function=rest)
    for library in libraries:
        if any(export.name == rest for export in library.exports):
            return FunctionImport(provider=library.name, function=rest)
    names = [export.name for library in libraries for export in library.exports]
    raise UserError(f"{file}: {one.name!r} calls {rest}, which no library exports{did_you_mean(rest, names)}")


# ------------------------------------------------------------------------------------------- checks


def check(image: Image, units: Mapping[str, Unit], source: str) -> None:
    """Compare every export with its function's attributes. Raises UserError with all disagreements.

    `source` is what messages call the description: its file, if it has one.
    """
    problems: list[str] = []
    for one in members(image):
        unit = units[one.name]
        exports = {export.name: export for export in one.exports}
        for export in exports.values():
            fact = unit.function(export.name)
            if fact is not None:
                problems += _differences(one, export, fact, source)
            elif not unit.defines(export.name):
                problems.append(
                    f"{source} exports {one.name}.{export.name}, but no source of {one.name!r} defines it "
                    f"({_files(unit)})"
                )
        problems += [
            f"{fact.place}: {fact.name} is an entry of {one.name!r} here, but {source} does not export it"
            for fact in unit.functions
            if fact.defined and fact.compartment == one.name and fact.name not in exports
        ]
        problems += [text for piece in unit.pieces for fact in piece.sealed for text in _sealed(image, fact, source)]
    for sealed in image.sealed_objects:
        owner = next(one for one in image.compartments if one.name == sealed.owner)
        if KeyImport(key=sealed.key) not in owner.imports:
            problems.append(
                f"{source}: sealed object {sealed.name!r}: its owner {owner.name!r} imports no key {sealed.key!r}, "
                "so the loader cannot number it"
            )
    if problems:
        raise UserError("\n".join(problems))


def _differences(one: Described, export: Export, fact: FunctionFact, source: str) -> Iterable[str]:
    where = f"{fact.place}: {fact.name}"
    described = f"but {source} says of {one.name}.{export.name}:"
    is_compartment = isinstance(one, Compartment)
    if is_compartment and export.exported and fact.compartment != one.name and not fact.callback:
        yield f"{where} lacks __cheri_compartment({one.name!r}), {described} exported"
    if not is_compartment and export.exported and not fact.libcall:
        yield f"{where} lacks __cheri_libcall, {described} exported"
    default = DEFAULT[Compartment if is_compartment and (fact.compartment or fact.callback) else Library]
    posture = Posture(fact.interrupts) if fact.interrupts else default
    if posture is not export.posture:
        yield f"{where} runs with interrupts {posture.value} here, {described} {export.posture.value}"
    if export.min_stack and fact.minimum_stack is not None and fact.minimum_stack != export.min_stack:
        yield f"{where} has minimum_stack {fact.minimum_stack} here, {described} {export.min_stack}"
    if is_compartment and fact.arguments != export.arguments:
        yield f"{where} takes {fact.arguments} argument registers here, {described} {export.arguments}"


def _sealed(image: Image, fact: SealedFact, source: str) -> Iterable[str]:
    """The sealed object that C defines against the one that is described."""
    where = f"{fact.file}: sealed object {fact.name!r}"
    known = next((one for one in image.sealed_objects if one.name == fact.name), None)
    if known is None:
        yield f"{where} is defined here, but {source} has none; its bytes are {fact.contents.hex()!r}"
    elif (known.owner, known.key) != (fact.owner, fact.key):
        yield f"{where} belongs to {fact.owner}.{fact.key} here, but {source} says {known.owner}.{known.key}"
    elif known.contents != fact.contents:
        yield f"{where} is {fact.contents.hex()!r} here, but {source} says {known.contents.hex()!r}"


def _files(unit: Unit) -> str:
    return ", ".join(dict.fromkeys(piece.name for piece in unit.pieces)) or "it has no sources"
