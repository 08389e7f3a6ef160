"""A built system's places, as an observer must know them."""

from cosim.observe.observer import COUNTER_BYTES, COUNTERS, TICKS
from cosim.observe.places import Places, Region, Unit
from cosim.toolchain.steps.expressions import word_name
from cosim.toolchain.system import header, tables
from cosim.toolchain.system.build import System
from cosim.toolchain.system.describe import members
from rtos_model.services.image import Library
from rtos_model.services.interrupts import counter_name
from rtos_model.services.loader import SEAL_HEADER

SCHEDULER = "scheduler"


def places_of(system: System) -> Places:
    """Everything that has a name in the system's description, where the builder has put it."""
    image, placed = system.description, system.places
    units, functions, entries, regions = [], {}, {}, []
    for one in members(image):
        start, size = placed.code[one.name]
        units.append(Unit(one.name, start, start + size, isinstance(one, Library)))
        functions |= {at: (one.name, name) for name, at in system.functions(one.name).items()}
        table = placed.exports.get(one.name, (0, 0))[0]
        entries |= {table + tables.export_index(one, export.name): (one.name, export.name) for export in one.exports}
    for one in image.compartments:
        for word in one.globals:
            at = _word(system, one.name, word_name(word.name)) or _word(system, one.name, word.name)
            if at is not None:
                regions.append(Region(f"{one.name}.{word.name}", at, at + word.size))
    counters = _word(system, SCHEDULER, COUNTERS)
    for index, source in enumerate(image.interrupts if counters is not None else ()):
        at = counters + COUNTER_BYTES * index
        regions.append(Region(f"{SCHEDULER}.{counter_name(source)}", at, at + COUNTER_BYTES))
    for name, (start, size) in placed.sealed.items():
        regions.append(Region(name, start + SEAL_HEADER, start + size))
    regions += [Region(name, start, start + size) for name, (start, size) in placed.shared.items()]
    regions += [Region(f"{name}.stack", start, start + size, False) for name, (start, size) in placed.stacks.items()]
    switcher = system.linked[header.SWITCHER]
    labels = {symbol.name: symbol.address for symbol in switcher.symbols if symbol.name.startswith("observe_")}
    for at, unit in _in_units(system, "observe_scoped").items():
        labels[f"observe_scoped_{unit}"] = at
    start, size = switcher.code
    labels |= {"switcher_start": start, "switcher_end": start + size}
    for name in (TICKS, COUNTERS):
        at = _word(system, SCHEDULER, name)
        labels |= {} if at is None else {name: at}
    return Places(
        tuple(units),
        functions,
        entries,
        tuple(regions),
        (placed.heap[0], sum(placed.heap)),
        labels,
        _in_units(system, "observe_expect"),
        _in_units(system, "observe_say"),
    )


def _in_units(system: System, name: str) -> dict[int, str]:
    """Where each unit has its own function of a name."""
    found = {unit: linked.find(name) for unit, linked in system.linked.items()}
    return {symbol.address: unit for unit, symbol in found.items() if symbol is not None}


def _word(system: System, unit: str, name: str) -> int | None:
    """Address of a global, None if the sources have none of that name."""
    try:
        return system.word(unit, name)[0]
    except KeyError:
        return None
