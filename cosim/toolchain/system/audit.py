"""The audit report of a built system (AU-1...AU-5), in the shape of the model's, made from what was really placed.

Import and export entries are read back out of the image; the description only lends them names. `differences` compares
the two, one entry each, so nothing is granted that is not described and nothing described is missing.
"""

import hashlib
from collections import Counter
from pathlib import Path

from cosim.toolchain.image import Image as LinkedImage
from cosim.toolchain.system import header, tables
from cosim.toolchain.system.describe import Described, members
from cosim.toolchain.system.place import Places
from cosim.toolchain.system.reader import Memory, Seen, SeenExport, SeenImport, SeenUnit, read
from cosim.toolchain.system.tables import Slot
from cosim.toolchain.system.unit_link import Linked
from cosim.toolchain.system.values import import_value
from rtos_model.services.audit import PERMITS, function_symbol, key_symbol
from rtos_model.services.image import Image

Report = dict[str, object]
ROOT = Path(__file__).parents[3]
LOADER_UNITS = ("start", "loader")


class Auditor:
    """Reads the image once. `problems` are breaches of the format; see reader."""

    def __init__(
        self,
        description: Image,
        places: Places,
        slots: dict[str, list[Slot]],
        linked: dict[str, Linked],
        image: LinkedImage,
    ):
        self.description, self.places, self.slots, self.linked, self.image = description, places, slots, linked, image
        self.by_name: dict[str, Described] = {one.name: one for one in members(description)}
        self.memory = Memory(image)
        self.seen: Seen = read(image, places.header[0])
        self.entries = {places.exports[one.name][0] + tables.export_index(one, export.name): (one, export.name)
                        for one in self.by_name.values() for export in one.exports}  # fmt: skip
        self.keys = {places.exports[one.name][0] + tables.key_index(one, key): (one.name, key)
                     for one in self.by_name.values() for key in tables.keys_of(one)}  # fmt: skip
        self.sealed = {start: name for name, (start, _) in places.sealed.items()}
        self.units = {self._name_of(unit): unit for unit in self.seen.units}

    def _name_of(self, unit: SeenUnit) -> str:
        return next(name for name, (start, _) in self.places.code.items() if start == unit.code[0])

    # ---------------------------------------------------------------------- AU-5

    def differences(self) -> list[str]:
        """Entries of import tables that no description asked for, and the other way round."""
        lines = [*self.seen.problems]
        for name, unit in self.units.items():
            wanted: Counter = Counter()
            for slot in self.slots[name]:
                target, size = import_value(self.description, self.by_name[name], slot, self.places)
                wanted[target & ~1 if slot.by_sentry else target, size, slot.by_sentry] += 1
            found = Counter((one.target, self._word(one.slot), one.kind == "sentry") for one in unit.imports)
            extra, missing = (found - wanted).elements(), (wanted - found).elements()
            lines += [f"{name} has an import of {one[0]:#x} that nobody described" for one in extra]
            lines += [f"{name} lacks its import of {one[0]:#x}" for one in missing]
        return lines

    def _word(self, slot: int) -> int:
        return self.memory.structure("IMPORT", slot)["SIZE_AND_PERMISSIONS"]

    # ---------------------------------------------------------------------- report

    def report(self, file: str) -> Report:
        loaded = b"".join(s.address.to_bytes(4, "little") + s.data for s in self.image.segments())
        return {
            "compartments": {name: self._unit(name) for name in self.by_name},
            "core": {name: self._section(name, self.places.code[name], "ax") for name in LOADER_UNITS},
            "file": file,
            "final_hash": _hash(loaded),
            "sharedObjects": [
                {"name": name, "start": start, "end": start + self._shared_size(name)}
                for name, (start, _) in self.places.shared.items()
            ],
            "threads": [self._thread(index) for index in range(len(self.description.threads))],
        }

    def _shared_size(self, name: str) -> int:
        return next(one.size for one in self.description.shared_objects if one.name == name)

    def _unit(self, name: str) -> dict[str, object]:
        one, linked = self.by_name[name], self.linked[name]
        found: dict[str, object] = {"code": self._section(name, linked.code, "x")}
        if linked.data[1]:
            found["data"] = self._section(name, linked.data, "w")
        seen = self.units[name].exports if name in self.units else self.seen.switcher_exports
        if seen:
            found["exports"] = [self._export(one, entry) for entry in seen]
        if name in self.units and self.units[name].imports:
            found["imports"] = [self._import(one, entry) for entry in self.units[name].imports]
        return found

    def _section(self, name: str, extent: tuple[int, int], flag: str) -> dict[str, object]:
        inputs = []
        for section in self.linked[name].sections:
            if not set(flag) & set(section.flags) and not (flag == "x" and "w" not in section.flags):
                continue
            for label, start, size in section.inputs:
                file, _, section_name = label.partition("(")
                if size:
                    digest = _hash(self.memory.read(start, size))
                    inputs.append(
                        {"file": _short(file), "section_name": section_name.rstrip(")"), "sha256": digest, "size": size}
                    )
        return {"inputs": inputs, "output": {"sha256": _hash(self.memory.read(*extent))}, "section_name": name}

    def _export(self, one: Described, seen: SeenExport) -> dict[str, object]:
        if seen.is_key:
            symbol = key_symbol(*self.keys[seen.address])
            return {"export_symbol": symbol, "exported": True, "kind": "SealingKey"}
        name = self.entries[seen.address][1]
        return {
            "export_symbol": function_symbol(one, name),
            "exported": next(export.exported for export in one.exports if export.name == name),
            "kind": "Function",
            "interrupt_status": seen.posture,
            "register_arguments": seen.arguments,
            "start_offset": seen.function - self.places.code[one.name][0],
        }

    def _import(self, holder: Described, seen: SeenImport) -> dict[str, object]:
        match seen.kind:
            case "sentry" | "entry":
                provider, function = self.entries[seen.target]
                is_library = seen.kind == "sentry"
                return {
                    "kind": "LibraryFunction" if is_library else "CompartmentExport",
                    "export_symbol": function_symbol(provider, function),
                    "provided_by": _file(provider.name),
                    "compartment_name": provider.name,
                    "function": function,
                }
            case "key":
                owner, key = self.keys[seen.target]
                return {
                    "kind": "CompartmentExport",
                    "export_symbol": key_symbol(owner, key),
                    "provided_by": _file(owner),
                }
            case "sealed":
                return {"kind": "SealedObject"} | self._contents(self.sealed[seen.target])
        permits = {name: letter in seen.letters for name, letter in PERMITS.items()}
        for name, (start, size) in self.places.shared.items():
            if start <= seen.target < start + size:
                return {"kind": "SharedObject", "shared_object": name, "start": start, "length": seen.size} | permits
        return {"kind": "MMIO", "start": seen.target, "length": seen.size} | permits

    def _contents(self, name: str) -> dict[str, object]:
        declared = next(one for one in self.description.sealed_objects if one.name == name)
        start = self.places.sealed[name][0]
        owner, key = self.keys[self.memory.structure("SEALED_OBJECT", start)["TYPE"]]
        raw = self.memory.read(start + header.size("SEALED_OBJECT"), len(declared.contents))
        contents = " ".join(raw[at : at + 4].hex() for at in range(0, len(raw), 4))
        kind = {"compartment": owner, "key": key, "provided_by": _file(owner), "symbol": key_symbol(owner, key)}
        return {"contents": contents, "sealing_type": kind}

    def _thread(self, index: int) -> dict[str, object]:
        seen = self.seen.threads[index]
        unit, function = self.entries[seen["ENTRY"]]
        stack, trusted = seen["STACK"], seen["TRUSTED_STACK"]
        return {
            "priority": seen["PRIORITY"],
            "entry_point": {
                "compartment_name": unit.name,
                "function": function,
                "provided_by": _file(unit.name),
            },
            "stack": {"start": stack[0], "length": stack[1]},
            "trusted_stack": {"start": trusted[0], "length": trusted[1]},
        }


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _file(name: str) -> str:
    return f"{name}.code"


def _short(file: str) -> str:
    """Paths inside the project from its root, so that reports do not differ between machines."""
    path = Path(file)
    return str(path.relative_to(ROOT)) if path.is_absolute() and path.is_relative_to(ROOT) else file
