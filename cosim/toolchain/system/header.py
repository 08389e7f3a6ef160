"""The image format that loader, switcher and builder share: every structure's fields, in order. Facts only.

The loader's sources get each offset as a constant, STRUCTURE_FIELD, and each size as STRUCTURE_SIZE (`constants`).
Source: platform specification 5.2 (header, export tables, import entries, relocations) and 5.4 (trusted stack).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Range:
    """An address range in 6 bytes: u32 start, u16 size counted in units of `unit` bytes."""

    unit: int


U8, U16, U32, CAP = 1, 2, 4, 8
R0, R2, R3 = Range(1), Range(4), Range(8)
Kind = int | Range

MAGIC = 0xB053_1162

STRUCTURES: dict[str, tuple[tuple[str, Kind], ...]] = {
    "SWITCHER": (
        ("CODE", R0),
        ("RETURN", U16),
        ("KEYS", U16),
        ("SCHEDULER_PCC", U16),
        ("SCHEDULER_CGP", U16),
        ("SCHEDULER_CSP", U16),
        ("EXPORTS", R0),
    ),
    "PRIVILEGED": (("CODE", R0), ("DATA", R2), ("IMPORTS", R0), ("EXPORTS", R0), ("SEALED", R0)),
    "FIXED": (("MAGIC", U32), ("LIBRARIES", U16), ("COMPARTMENTS", U16), ("INITIALISERS", R0)),
    "UNIT": (
        ("CODE", R3),
        ("IMPORT_BYTES", U16),
        ("EXPORTS", R0),
        ("DATA", R2),
        ("INITIALISED", U16),
        ("RELOCATIONS", R0),
        ("SEALED", R0),
    ),
    "THREADS": (("COUNT", U16),),
    "THREAD": (("PRIORITY", U16), ("ENTRY", U32), ("STACK", R0), ("TRUSTED_STACK", R0)),
    "EXPORT_TABLE": (("PCC", CAP), ("CGP", CAP), ("HANDLER", U16), ("STACKLESS_HANDLER", U16)),
    "EXPORT": (("OFFSET", U16), ("MIN_STACK", U8), ("FLAGS", U8)),
    "IMPORT": (("ADDRESS", U32), ("SIZE_AND_PERMISSIONS", U32)),
    "RELOCATION": (("LOCATION", U32), ("BASE", U32), ("OFFSET", U32), ("LENGTH", U32), ("FLAGS", U32)),
    "SEALED_OBJECT": (("TYPE", U32), ("ZERO", U32)),
    "TRUSTED_STACK": (
        *((f"C{n}" if n else "PCC", CAP) for n in range(16)),
        ("HAZARDS", CAP),
        ("MSTATUS", U32),
        ("MCAUSE", U32),
        ("MSHWM", U32),
        ("MSHWMB", U32),
        ("FRAME_OFFSET", U16),
        ("THREAD_ID", U16),
        ("PADDING", 12),
    ),
    "TRUSTED_FRAME": (("CSP", CAP), ("EXPORT_TABLE", CAP), ("ERRORS", U16), ("PADDING", 6)),
}
PRIVILEGED = ("scheduler", "allocator", "token")
"""Units with a privileged record, in the order of their records. The last is a library."""
SWITCHER = "switcher"

EXPORT_ARGUMENTS = 7
EXPORT_ENABLED, EXPORT_DISABLED, EXPORT_SEALING_TYPE = 1 << 3, 1 << 4, 1 << 5
NO_HANDLER = 0xFFFF
MIN_STACK_UNIT = 8
IMPORT_SIZE = 0x00FF_FFFF
IMPORT_PERMISSIONS = {"R": 1 << 31, "W": 1 << 30, "c": 1 << 29, "m": 1 << 28, "g": 1 << 27}
RELOCATION_FUNCTION = 1 << 31
LOADER_KEYS: dict[str, tuple[str, ...]] = {
    "switcher": ("sealing_key_trusted_stacks", "unsealing_key_export_entries"),
    "token": ("sealing_key_both", "unsealing_key_static", "unsealing_key_dynamic"),
    "allocator": ("sealing_key_objects", "sealing_key_dynamic_types"),
}
"""Capability slots in front of a privileged unit's import table that the loader fills with keys (5.2, last line)."""


def width(kind: Kind) -> int:
    return 6 if isinstance(kind, Range) else kind


def size(structure: str) -> int:
    return sum(width(kind) for _, kind in STRUCTURES[structure])


def offset(structure: str, field: str) -> int:
    at = 0
    for name, kind in STRUCTURES[structure]:
        if name == field:
            return at
        at += width(kind)
    raise KeyError(f"{structure} has no field {field}")


HEADER_SCHEDULER = size("SWITCHER")
HEADER_FIXED = HEADER_SCHEDULER + len(PRIVILEGED) * size("PRIVILEGED")
HEADER_UNITS = HEADER_FIXED + size("FIXED")


def encode(structure: str, **values: "int | tuple[int, int]") -> bytes:
    """The structure's bytes; a range is (start, size in bytes). Raises OverflowError naming the field."""
    data = b""
    for name, kind in STRUCTURES[structure]:
        value = values.pop(name, 0)
        try:
            if isinstance(kind, Range):
                start, length = value or (0, 0)
                assert length % kind.unit == 0, (structure, name, length)
                data += start.to_bytes(4, "little") + (length // kind.unit).to_bytes(2, "little")
            else:
                data += value.to_bytes(kind, "little")
        except OverflowError:
            raise OverflowError(f"{structure}.{name} cannot hold {value}") from None
    assert not values, (structure, values)
    return data


def decode(structure: str, data: bytes, at: int = 0) -> dict[str, "int | tuple[int, int]"]:
    """The inverse of `encode`."""
    found: dict[str, int | tuple[int, int]] = {}
    for name, kind in STRUCTURES[structure]:
        value = int.from_bytes(data[at : at + min(4, width(kind))], "little")
        if isinstance(kind, Range):
            found[name] = value, int.from_bytes(data[at + 4 : at + 6], "little") * kind.unit
        else:
            found[name] = int.from_bytes(data[at : at + kind], "little")
        at += width(kind)
    return found


def constants() -> dict[str, int]:
    """What the loader's and the switcher's sources may use by name."""
    found = {"HEADER_SWITCHER": 0, "HEADER_FIXED": HEADER_FIXED, "HEADER_UNITS": HEADER_UNITS, "HEADER_MAGIC": MAGIC}
    for index, name in enumerate(PRIVILEGED):
        found[f"HEADER_{name.upper()}"] = HEADER_SCHEDULER + index * size("PRIVILEGED")
    for structure, fields in STRUCTURES.items():
        found[f"{structure}_SIZE"] = size(structure)
        found |= {f"{structure}_{name}": offset(structure, name) for name, _ in fields}
    found |= {
        "EXPORT_ENABLED": EXPORT_ENABLED,
        "EXPORT_DISABLED": EXPORT_DISABLED,
        "EXPORT_SEALING_TYPE": EXPORT_SEALING_TYPE,
        "EXPORT_NO_HANDLER": NO_HANDLER,
        "IMPORT_SIZE_MASK": IMPORT_SIZE,
        "RELOCATION_FUNCTION": RELOCATION_FUNCTION,
    }
    for letter, name in zip("RWcmg", ("LOAD", "STORE", "CAPABILITIES", "LOAD_MUTABLE", "LOAD_GLOBAL"), strict=True):
        found[f"IMPORT_{name}"] = IMPORT_PERMISSIONS[letter]
    return found
