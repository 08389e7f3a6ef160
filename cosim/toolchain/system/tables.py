"""Import and export tables: the slots a unit has, their names as symbols, and what the loader finds in each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cosim.errors import UserError
from cosim.toolchain.cc import interface
from cosim.toolchain.system import header
from cosim.toolchain.system.describe import Described, members
from cosim.toolchain.system.units import Unit
from rtos_model.services.image import (
    Compartment,
    DeviceImport,
    Export,
    FunctionImport,
    Image,
    Import,
    KeyImport,
    Library,
    Posture,
    SealedImport,
    SharedImport,
)

LETTERS = "RWcmg"
FLAGS = {Posture.ENABLED: header.EXPORT_ENABLED, Posture.DISABLED: header.EXPORT_DISABLED, Posture.INHERIT: 0}


@dataclass(frozen=True, slots=True)
class Slot:
    """One entry of an import table: the import it answers and the symbols that name it.

    `by_sentry`: of a function, whether the slot holds a sentry instead of a sealed export entry.
    """

    wanted: Import
    names: tuple[str, ...]
    by_sentry: bool = False


def slots(image: Image, one: Described, unit: Unit) -> list[Slot]:
    """The slots behind the switcher's, in order. Raises UserError for a slot the code wants and nobody grants."""
    found: list[Slot] = []
    taken: set[str] = set()
    libraries = {library.name for library in image.libraries}
    wanted = unit.wanted_slots()
    for imported in one.imports:
        for names, by_sentry in _names(imported, one, libraries, wanted):
            fresh = tuple(name for name in names if name not in taken)
            taken.update(fresh)
            found.append(Slot(imported, fresh, by_sentry))
    known = {*taken, interface.SWITCHER, *(key_slot(key) for key in header.LOADER_KEYS.get(one.name, ()))}
    for name, file in wanted.items():
        if name not in known:
            raise UserError(_not_granted(one, name, file))
    return found


def key_slot(key: str) -> str:
    return interface.slot(f"loader.{key}")


def _names(
    one: Import, holder: Described, libraries: set[str], wanted: Mapping[str, str]
) -> Iterator[tuple[list[str], bool]]:
    match one:
        case FunctionImport(provider=provider, function=function):
            entry, sentry = interface.entry_slot(provider, function), interface.sentry_slot(function)
            if provider in libraries and provider != holder.name:
                yield [sentry], True
            elif provider != holder.name:
                yield [entry], False
            else:
                if sentry in wanted or isinstance(holder, Library):
                    yield [sentry], True
                if entry in wanted or (sentry not in wanted and isinstance(holder, Compartment)):
                    yield [entry], False
        case DeviceImport(permissions=letters) | SharedImport(permissions=letters):
            name = one.device if isinstance(one, DeviceImport) else one.shared
            ordered = "".join(letter for letter in LETTERS if letter in letters)
            keys = [f"mem.{name}.{ordered}", f"mem.{name}.{ordered.replace('g', '')}", f"mem.{name}"]
            yield [interface.slot(key) for key in dict.fromkeys(keys)], False
        case SealedImport(sealed=name):
            yield [interface.slot(f"sealed.{name}")], False
        case KeyImport(key=name):
            yield [interface.slot(f"key.{name}")], False


def _not_granted(one: Described, slot: str, file: str) -> str:
    kind, _, name = slot.removeprefix(interface.PREFIX).partition(".")
    what = {
        "mem": "the device or shared object",
        "sealed": "the sealed object",
        "key": "the sealing key",
        "loader": "the loader's key",
    }.get(kind, "the import")
    return f"{file}: {one.name!r} uses {what} {name}, which its description does not import; add it to its imports"


def import_table(name: str, found: list[Slot], values: list[tuple[int, int]] | None) -> str:
    """Assembly text: the loader's keys, slot 0, and an entry for each slot (zeros while `values` are not known)."""
    lines = ['\t.section\t.text.start,"ax",@progbits', "\t.p2align\t3"]
    for key in header.LOADER_KEYS.get(name, ()):
        lines += [*_label(key_slot(key)), "\t.long\t0, 0"]
    lines += [*_label(interface.SWITCHER), "\t.long\t0, 0"]
    for slot, (address, size) in zip(found, values or [(0, 0)] * len(found), strict=True):
        lines += [line for name in slot.names for line in _label(name)]
        lines.append(f"\t.long\t{address:#x}, {size:#x}")
    return "\n".join(lines) + "\n"


def _label(name: str) -> list[str]:
    return [f"\t.globl\t{name}", f"\t.type\t{name}, @object", f"\t.size\t{name}, 8", f"{name}:"]


def keys_bytes(name: str) -> int:
    return 8 * len(header.LOADER_KEYS.get(name, ()))


def table_bytes(found: list[Slot]) -> int:
    """Size of the import table proper, slot 0 included."""
    return header.size("IMPORT") * (1 + len(found))


def export_bytes(one: Described) -> int:
    entries = len(one.exports) + len(keys_of(one))
    return -(-(header.size("EXPORT_TABLE") + header.size("EXPORT") * entries) // 8) * 8


def keys_of(one: Described) -> tuple[str, ...]:
    return one.keys if isinstance(one, Compartment) else ()


def export_index(one: Described, name: str) -> int:
    """Place of a function's entry in the table, in bytes from its start."""
    index = [export.name for export in one.exports].index(name)
    return header.size("EXPORT_TABLE") + header.size("EXPORT") * index


def key_index(one: Described, key: str) -> int:
    """Place of a sealing type's entry in the table, in bytes from its start."""
    index = len(one.exports) + keys_of(one).index(key)
    return header.size("EXPORT_TABLE") + header.size("EXPORT") * index


def minimum_stack(export: Export, unit: Unit) -> int:
    """What the description states, else what the function asks for itself."""
    fact = unit.function(export.name)
    return export.min_stack or (fact.minimum_stack or 0 if fact else 0)


def export_table(one: Described, unit: Unit, functions: Mapping[str, int], handlers: tuple[int, int]) -> bytes:
    """The table's bytes; `functions` are offsets from the code's start, `handlers` as the header structure has them."""
    data = header.encode("EXPORT_TABLE", HANDLER=handlers[0], STACKLESS_HANDLER=handlers[1])
    for export in one.exports:
        least = minimum_stack(export, unit)
        if functions[export.name] >= 1 << 16:
            raise UserError(
                f"{one.name}.{export.name} lies {functions[export.name]} bytes into its code; at most 65535"
            )
        if least % header.MIN_STACK_UNIT or least > 255 * header.MIN_STACK_UNIT:
            raise UserError(f"{one.name}.{export.name}: minimum stack {least} must be a multiple of 8 up to 2040")
        data += header.encode(
            "EXPORT",
            OFFSET=functions[export.name],
            MIN_STACK=least // header.MIN_STACK_UNIT,
            FLAGS=export.arguments | FLAGS[export.posture],
        )
    for _ in keys_of(one):
        data += header.encode("EXPORT", FLAGS=header.EXPORT_SEALING_TYPE)
    return data.ljust(export_bytes(one), b"\0")


def unit_of(image: Image, name: str) -> Described:
    return next(one for one in members(image) if one.name == name)
