"""Questions to an audit report: the built-in policy of the RTOS (AU-2) and who may do what (AU-3).

Everything here reads the report alone, as an auditor would; nothing looks at the image.
"""

from collections.abc import Iterator, Mapping

from rtos_model.services.loader import HAZARD_SLOTS, HAZARDS

QUOTA_KEY = ("allocator", "MallocKey")
QUOTA_BYTES = 24
RESERVED = {"revoker": "allocator", "clint": "scheduler", "plic": "scheduler"}
"""Devices of the RTOS's own, and the only compartment that may have each."""
EPOCH = "allocator_epoch"

Devices = Mapping[str, tuple[int, int]]
"""Name of a device to its start and length: the board's, which a report does not name."""


def imports(report: Mapping, kind: str) -> Iterator[tuple[str, Mapping]]:
    """Holder and entry of each import of that kind."""
    for holder, unit in report["compartments"].items():
        for one in unit.get("imports", ()):
            if one["kind"] == kind:
                yield holder, one


# ------------------------------------------------------------------------------------------- policy


def violations(report: Mapping, devices: Devices) -> list[str]:
    """AU-2: one line for each rule of the RTOS that the system breaks; none means the policy holds."""
    found = [f"{holder}: quota {text!r} is not well-formed" for holder, text in _quotas(report) if not quota(text)]
    for name, owner in RESERVED.items():
        if name in devices:
            found += [f"{one} reaches the {name}" for one in users_of(report, *devices[name]) if one != owner]
    sizes = {one["name"]: one["end"] - one["start"] for one in report["sharedObjects"]}
    wanted = {HAZARDS: HAZARD_SLOTS * max(len(report["threads"]), 1), EPOCH: 4}
    found += [f"{name} has {sizes[name]} bytes, not {size}" for name, size in wanted.items() if sizes.get(name) != size]
    for holder, one in imports(report, "SharedObject"):
        if one["shared_object"] == HAZARDS and not (
            holder == "allocator"
            and one["permits_load"]
            and one["permits_load_store_capabilities"]
            and not one["permits_store"]
            and not one["permits_load_mutable"]
        ):
            found.append(f"{holder} has {HAZARDS} with other rights than the allocator's")
        if one["shared_object"] == EPOCH and one["permits_store"] and holder != "allocator":
            found.append(f"{holder} may write {EPOCH}")
    return found


def quota(contents: str) -> int | None:
    """AU-1: the bytes a quota allows; None if it is not 24 bytes or its tail is not zero."""
    data = bytes.fromhex(contents)
    well_formed = len(data) == QUOTA_BYTES and not any(data[4:])
    return int.from_bytes(data[:4], "little") if well_formed else None


def _quotas(report: Mapping) -> list[tuple[str, str]]:
    return [
        (holder, one["contents"])
        for holder, one in imports(report, "SealedObject")
        if (one["sealing_type"]["compartment"], one["sealing_type"]["key"]) == QUOTA_KEY
    ]


# ------------------------------------------------------------------------------------------- questions


def callers_of(report: Mapping, unit: str, function: str) -> list[str]:
    """Who can call `unit.function`?"""
    kinds = ("CompartmentExport", "LibraryFunction")
    found = [(holder, one) for kind in kinds for holder, one in imports(report, kind)]
    return [h for h, one in found if (one.get("compartment_name"), one.get("function")) == (unit, function)]


def users_of(report: Mapping, start: int, length: int) -> list[str]:
    """Who can touch a device, or a part of it?"""
    ranges = imports(report, "MMIO")
    return [h for h, one in ranges if one["start"] < start + length and start < one["start"] + one["length"]]


def runs_with_interrupts_disabled(report: Mapping) -> dict[str, list[str]]:
    """Functions that run with interrupts disabled, and who can call each."""
    return {
        f"{unit}.{name}": callers_of(report, unit, name)
        for unit, parts in report["compartments"].items()
        for one in parts.get("exports", ())
        if one.get("interrupt_status") == "disabled"
        for name in [function_of(unit, one["export_symbol"])]
    }


def functions(report: Mapping) -> list[str]:
    """Every function of every compartment and library, as `unit.function`."""
    return [
        f"{unit}.{function_of(unit, one['export_symbol'])}"
        for unit, parts in report["compartments"].items()
        for one in parts.get("exports", ())
        if one["kind"] == "Function"
    ]


def function_of(unit: str, symbol: str) -> str:
    """The function an export symbol stands for."""
    return symbol.removeprefix(f"__export_{unit}_").removeprefix("__library_export_libcalls_")


def may_allocate(report: Mapping) -> dict[str, list[int | None]]:
    """The quotas each compartment holds, in bytes; None is one that is not well-formed."""
    found: dict[str, list[int | None]] = {}
    for holder, contents in _quotas(report):
        found.setdefault(holder, []).append(quota(contents))
    return found


def software_capabilities(report: Mapping) -> list[tuple[str, str, str, str]]:
    """Holder, compartment and key that gives it meaning, contents: each static sealed object that is no quota."""
    found = [(holder, one["sealing_type"], one["contents"]) for holder, one in imports(report, "SealedObject")]
    return [(h, t["compartment"], t["key"], text) for h, t, text in found if (t["compartment"], t["key"]) != QUOTA_KEY]


def stack_budgets(report: Mapping) -> list[tuple[str, int, int]]:
    """Entry, stack bytes and trusted-stack bytes of each thread."""
    return [
        (
            f"{one['entry_point']['compartment_name']}.{one['entry_point']['function']}",
            one["stack"]["length"],
            one["trusted_stack"]["length"],
        )
        for one in report["threads"]
    ]


def binaries(report: Mapping) -> dict[str, str]:
    """The hash of the code in each compartment or library."""
    return {unit: parts["code"]["output"]["sha256"] for unit, parts in report["compartments"].items()}
