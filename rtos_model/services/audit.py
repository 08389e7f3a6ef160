"""The audit report (AU-1...AU-5): what every compartment can reach, in the shape of cheriot-audit's JSON.

`report` writes it from the declared image; the loader's layout supplies addresses and nothing else. `differences`
reads the loader's grants (actual capabilities and memory) and compares them with the report, one entry each (AU-5).
The questions and the policy that a reader asks of a report are in `audit_policy`.

The model has no machine code: what stands for a section of code is the function's step program, or the Python source
of a service, so that the hash changes when the behaviour may.
"""

import hashlib
import inspect
import json
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache

from rtos_model.machine.capability import Perm
from rtos_model.services.code_pointers import STRIDE
from rtos_model.services.entries import Entry
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
    Word,
)
from rtos_model.services.loader import OTYPE_EXPORT, OTYPE_STATIC, SEAL_HEADER, Grant, Loaded, hardware_unseal
from rtos_model.services.registry import ENTRIES
from rtos_model.services.steps import to_data

Report = dict[str, object]
Unit = Compartment | Library

PERMITS = {
    "permits_load": "R",
    "permits_store": "W",
    "permits_load_store_capabilities": "c",
    "permits_load_mutable": "m",
    "permits_load_global": "g",
}
BITS = {"R": Perm.LD, "W": Perm.SD, "c": Perm.MC, "m": Perm.LM, "g": Perm.LG}
CODE_FILE, DATA_FILE = "{}.code", "{}.data"


def report(loaded: Loaded, program: Mapping[str, object] = {}) -> Report:
    """The report on a loaded system; `program` holds the bodies whose hashes stand for the binaries."""
    image = loaded.image
    units: tuple[Unit, ...] = (*image.compartments, *image.libraries)
    compartments = {unit.name: _unit(loaded, unit, program or {}) for unit in units}
    return {
        "compartments": compartments,
        "core": {"loader": {"output": {"sha256": _hash(json.dumps([one.name for one in units]).encode())}}},
        "file": "model",
        "final_hash": _hash(json.dumps(compartments, sort_keys=True).encode()),
        "sharedObjects": [_shared(loaded, one.name, one.size) for one in image.shared_objects],
        "threads": [_thread(loaded, number) for number in range(len(image.threads))],
    }


def function_symbol(unit: Unit, function: str) -> str:
    return f"__library_export_libcalls_{function}" if isinstance(unit, Library) else f"__export_{unit.name}_{function}"


def key_symbol(compartment: str, key: str) -> str:
    return f"__export.sealing_type.{compartment}.{key}"


def _unit(loaded: Loaded, unit: Unit, program: Mapping[str, object]) -> dict[str, object]:
    found: dict[str, object] = {"code": _section(CODE_FILE.format(unit.name), ".text", _code(unit, program))}
    words = getattr(unit, "globals", ())
    if words:
        found["data"] = _section(DATA_FILE.format(unit.name), ".data", _data(words))
    exports = [
        {
            "export_symbol": function_symbol(unit, one.name),
            "exported": one.exported,
            "kind": "Function",
            "interrupt_status": one.posture.value,
            "register_arguments": one.arguments,
            "start_offset": STRIDE * index,
        }
        for index, one in enumerate(unit.exports)
    ]
    exports += [
        {"export_symbol": key_symbol(unit.name, key), "exported": True, "kind": "SealingKey"}
        for key in getattr(unit, "keys", ())
    ]
    if exports:
        found["exports"] = exports
    if unit.imports:
        found["imports"] = [_import(loaded, unit.name, one) for one in unit.imports]
    return found


def _import(loaded: Loaded, holder: str, wanted: Import) -> dict[str, object]:
    image = loaded.image
    match wanted:
        case FunctionImport(provider=name, function=function):
            provider = next(one for one in (*image.compartments, *image.libraries) if one.name == name)
            return {
                "kind": "LibraryFunction" if isinstance(provider, Library) else "CompartmentExport",
                "export_symbol": function_symbol(provider, function),
                "provided_by": CODE_FILE.format(name),
                "compartment_name": name,
                "function": function,
            }
        case KeyImport(key=key):
            return {
                "kind": "CompartmentExport",
                "export_symbol": key_symbol(holder, key),
                "provided_by": CODE_FILE.format(holder),
            }
        case DeviceImport(device=name, permissions=letters, offset=offset, length=length):
            device = next(one for one in image.devices if one.name == name)
            size = device.length - offset if length is None else length
            return {"kind": "MMIO", "start": device.start + offset, "length": size} | _permits(letters)
        case SharedImport(shared=name, permissions=letters):
            place = _shared(loaded, name, next(one.size for one in image.shared_objects if one.name == name))
            size = place["end"] - place["start"]  # type: ignore[operator]
            return {"kind": "SharedObject", "shared_object": name, "start": place["start"], "length": size} | _permits(
                letters
            )
        case SealedImport(sealed=name):
            sealed = next(one for one in image.sealed_objects if one.name == name)
            return {"kind": "SealedObject", "contents": _groups(sealed.contents)} | _sealing_type(
                sealed.owner, sealed.key
            )
    raise AssertionError(f"{wanted!r} is no import")


def _permits(letters: str) -> dict[str, object]:
    return {name: letter in letters for name, letter in PERMITS.items()}


def _sealing_type(compartment: str, key: str) -> dict[str, object]:
    symbol = key_symbol(compartment, key)
    provider = CODE_FILE.format(compartment)
    return {"sealing_type": {"compartment": compartment, "key": key, "provided_by": provider, "symbol": symbol}}


def _groups(contents: bytes) -> str:
    """Hexadecimal, one group for each word, bytes in memory order."""
    return " ".join(contents[at : at + 4].hex() for at in range(0, len(contents), 4))


def _shared(loaded: Loaded, name: str, size: int) -> dict[str, object]:
    start = loaded.shared[name].bounds()[0]
    return {"name": name, "start": start, "end": start + size}


def _thread(loaded: Loaded, number: int) -> dict[str, object]:
    image: Image = loaded.image
    thread = image.threads[number]
    start, length = loaded.trusted_stacks[thread.name]
    return {
        "priority": image.effective_priorities()[number],
        "entry_point": {
            "compartment_name": thread.compartment,
            "function": thread.entry,
            "provided_by": CODE_FILE.format(thread.compartment),
        },
        "stack": {"start": loaded.stacks[thread.name].bounds()[0], "length": thread.stack},
        "trusted_stack": {"start": start, "length": length},
    }


# ------------------------------------------------------------------------------------------- contents


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _section(file: str, section: str, content: bytes) -> dict[str, object]:
    digest = _hash(content)
    source = {"file": file, "section_name": section, "sha256": digest, "size": len(content)}
    return {"inputs": [source], "output": {"sha256": digest}, "section_name": section}


def _code(unit: Unit, program: Mapping[str, object]) -> bytes:
    parts = [
        _source(body) for name, body in sorted(program.items()) if name.partition(".")[0] == unit.name
    ] + [_source(ENTRIES[one.name]) for one in unit.exports if one.name in ENTRIES]
    return "\n".join(parts).encode()


def _source(body: object) -> str:
    if isinstance(body, Entry):
        body = body.run
    return _python(body) if callable(body) else json.dumps(to_data(body))  # type: ignore[arg-type]


@cache
def _python(function: Callable) -> str:
    return inspect.getsource(function)


def _data(words: tuple[Word, ...]) -> bytes:
    return b"".join(word.init.ljust(word.size, b"\0") for word in words)


# ------------------------------------------------------------------------------------------- against the grants


def differences(found: Report, loaded: Loaded) -> list[str]:
    """AU-5: lines for grants that the report does not list and for entries that the loader did not grant."""
    listed: Counter = Counter()
    for holder, unit in found["compartments"].items():  # type: ignore[attr-defined]
        listed.update(_listed(holder, one) for one in unit.get("imports", ()))
    granted = Counter(_granted(loaded, one) for one in loaded.grants)
    lines = [f"granted, not in the report: {_text(one)}" for one in (granted - listed).elements()]
    return lines + [f"in the report, not granted: {_text(one)}" for one in (listed - granted).elements()]


def _text(key: tuple) -> str:
    return " ".join(str(part) for part in key)


def _listed(holder: str, entry: Mapping) -> tuple:
    match entry["kind"]:
        case "MMIO" | "SharedObject":
            letters = "".join(letter for name, letter in PERMITS.items() if entry[name])
            return holder, "range", entry["start"], entry["length"], letters
        case "SealedObject":
            return holder, "sealed", entry["sealing_type"]["symbol"], entry["contents"]
        case _ if "function" not in entry:
            return holder, "key", entry["export_symbol"]
    return holder, "function", entry["compartment_name"], entry["function"]


def _granted(loaded: Loaded, grant: Grant) -> tuple:
    """What the capability really is, whatever was wanted."""
    cap = grant.capability
    if cap.otype == OTYPE_EXPORT:
        entry = hardware_unseal(cap, OTYPE_EXPORT).address
        for name, export in loaded.exports.items():
            if hardware_unseal(export, OTYPE_EXPORT).address == entry:
                return grant.holder, "function", *name
    if cap.otype == OTYPE_STATIC:
        opened = hardware_unseal(cap, OTYPE_STATIC)
        start, end = opened.bounds()
        number = int.from_bytes(loaded.memory.peek(start, 4), "little")
        declared = next(one for one in loaded.image.sealed_objects if loaded.sealed[one.name] == cap)
        contents = loaded.memory.peek(start + SEAL_HEADER, min(len(declared.contents), end - start - SEAL_HEADER))
        return grant.holder, "sealed", key_symbol(*_owner_of(loaded, number)), _groups(contents)
    if cap.permissions & (Perm.SE | Perm.US):
        return grant.holder, "key", key_symbol(*_owner_of(loaded, cap.address))
    start, end = cap.bounds()
    letters = "".join(letter for letter in PERMITS.values() if cap.permissions & BITS[letter])
    rest = cap.permissions & ~sum(BITS.values(), Perm.GL)
    return grant.holder, "range", start, end - start, letters + (f"+{int(rest):#x}" if rest else "")


def _owner_of(loaded: Loaded, number: int) -> tuple[str, str]:
    return next(name for name, key in loaded.keys.items() if key.address == number)
