"""Holds a board description against a system: what it says must be so."""

from collections.abc import Iterator
from typing import Any

from cosim.board.describe import DEVICES, LEVELS, PULSES
from rtl.config import BIT_MANIPULATION, BITMAP_WINDOW, Region, SocConfig
from rtl.isa.capfmt import GRANULE

ADDRESSES = 1 << 32
GRANULES_PER_BYTE = 8
CPUS = {"cheriot": (), "cheriot-ibex": BIT_MANIPULATION, "cheriot-kudu": BIT_MANIPULATION}
"""What images for a CPU need beyond the base."""
REVOKERS = ("hardware", "software", None)


class Wrong(Exception):
    """A place in a description, and what is wrong with it."""


def complaints(description: dict[str, Any], config: SocConfig) -> Iterator[str]:
    """What does not fit, most basic things first, each as one line that begins with the place."""
    checks = (_devices, _memory, _interrupts, _clock, _features)
    for check in checks:
        try:
            check(description, config)
        except Wrong as wrong:
            yield str(wrong)


def _number(value: Any, place: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= ADDRESSES:
        raise Wrong(f"{place}: must be a number from 0 to {ADDRESSES:#x}, not {value!r}")
    return value


def _object(description: dict[str, Any], name: str) -> dict[str, Any]:
    found = description.get(name)
    if not isinstance(found, dict):
        raise Wrong(f"{name}: must be an object" if name in description else f"{name}: missing")
    return found


def _range(value: Any, place: str) -> Region:
    """`start`, and `end` or `length`."""
    if not isinstance(value, dict) or "start" not in value or ("end" in value) == ("length" in value):
        raise Wrong(f'{place}: must have "start", and either "end" or "length"')
    start = _number(value["start"], f"{place}.start")
    end = _number(value["end"], f"{place}.end") if "end" in value else start + _number(value["length"], place)
    if start >= end:
        raise Wrong(f"{place}: {start:#x}..{end:#x} is empty; its end must be above its start")
    if end > ADDRESSES:
        raise Wrong(f"{place}: {start:#x}..{end:#x} runs past the 32-bit address space")
    if start % GRANULE or end % GRANULE:
        raise Wrong(f"{place}: {start:#x}..{end:#x} is not made of whole {GRANULE}-byte lines")
    return Region(base=start, size=end - start)


def _show(region: Region) -> str:
    return f"{region.base:#x}..{region.end:#x}"


def _inside(region: Region, whole: Region) -> bool:
    return whole.base <= region.base and region.end <= whole.end


def _devices(description: dict[str, Any], config: SocConfig) -> None:
    regions = config.map()
    window = Region(base=config.heap.bitmap, size=BITMAP_WINDOW)
    placed: dict[str, Region] = {}
    for name, value in _object(description, "devices").items():
        place = f"devices.{name}"
        region = _range(value, place)
        for other, taken in placed.items():
            if region.overlaps(taken):
                raise Wrong(f"{place}: {_show(region)} overlaps devices.{other} at {_show(taken)}")
        placed[name] = region
        if name == "shadow":
            home: Region | None = window
        elif name in DEVICES:
            home = regions.get(DEVICES[name])
            if home is None:
                raise Wrong(f"{place}: profile {config.name} has none")
        else:
            home = next((other for other in regions.values() if region.base in other), None)
            if home is None:
                raise Wrong(f"{place}: nothing answers at {region.base:#x} in profile {config.name}")
        if not _inside(region, home) or (name in (*DEVICES, "shadow") and region.base != home.base):
            raise Wrong(f"{place}: {_show(region)}, but in profile {config.name} it is at {_show(home)}")


def _memory(description: dict[str, Any], config: SocConfig) -> None:
    regions = config.map()
    instructions = _range(description.get("instruction_memory"), "instruction_memory")
    if not _inside(instructions, config.ram):
        raise Wrong(f"instruction_memory: {_show(instructions)} is not inside of RAM at {_show(config.ram)}")
    if instructions.base != config.entry:
        raise Wrong(f"instruction_memory.start: {instructions.base:#x}; programs start at {config.entry:#x}")
    data = instructions
    if "data_memory" in description:
        data = _range(description["data_memory"], "data_memory")
        if not any(_inside(data, regions[name]) for name in ("ram", "data_ram") if name in regions):
            raise Wrong(f"data_memory: {_show(data)} is not inside of memory with tags")
    revocable = Region(base=config.heap.base, size=config.heap.size)
    start = _number(description.get("revokable_memory_start", data.base), "revokable_memory_start")
    if start != revocable.base:
        raise Wrong(f"revokable_memory_start: {start:#x}, but the load filter counts from {revocable.base:#x}")
    end = _number(_object(description, "heap").get("end"), "heap.end")
    if not data.base < end <= data.end:
        raise Wrong(f"heap.end: {end:#x} is not in the memory for data at {_show(data)}")
    if end > revocable.end:
        raise Wrong(f"heap.end: {end:#x} is behind the revocable memory at {_show(revocable)}")
    shadow = _range(_object(description, "devices").get("shadow"), "devices.shadow")
    needed = (end - start) // (GRANULE * GRANULES_PER_BYTE)
    if shadow.size < needed:
        raise Wrong(f"devices.shadow: {shadow.size:#x} bytes; a heap up to {end:#x} needs {needed:#x}")


def _interrupts(description: dict[str, Any], config: SocConfig) -> None:
    found = description.get("interrupts")
    if not isinstance(found, list):
        raise Wrong("interrupts: must be an array")
    if config.plic is None:
        return  # what the stub driver is told has no meaning
    wired = {name: (number, True) for name, number in PULSES.items() if config.revoker is not None}
    wired |= {name: (number, False) for name, number in LEVELS.items() if config.uart is not None}
    for index, interrupt in enumerate(found):
        if not isinstance(interrupt, dict) or not {"name", "number", "priority"} <= interrupt.keys():
            raise Wrong(f"interrupts.{index}: must have name, number and priority")
        place = f"interrupts.{index} ({interrupt['name']})"
        number, edge = interrupt["number"], bool(interrupt.get("edge_triggered", False))
        source = next((source for source in wired.items() if source[1][0] == number), None)
        if source is None:
            raise Wrong(f"{place}: nothing is wired to number {number} in profile {config.name}")
        if interrupt["name"] in wired and interrupt["name"] != source[0]:
            raise Wrong(f"{place}: has number {wired[interrupt['name']][0]}, not {number}")
        if edge != source[1][1]:
            kind = "a pulse: edge_triggered must be true" if source[1][1] else "a level: it must not be edge_triggered"
            raise Wrong(f"{place}: number {number} is {kind}")
        if not 1 <= _number(interrupt["priority"], f"{place}.priority") <= 7:
            raise Wrong(f"{place}: priority {interrupt['priority']}; must be 1 to 7")
    if description.get("revoker") == "hardware" and "RevokerInterrupt" not in {each["name"] for each in found}:
        raise Wrong("interrupts: the driver of the hardware revoker needs one called RevokerInterrupt")


def _clock(description: dict[str, Any], config: SocConfig) -> None:
    timer, ticks = (_number(description.get(name), name) for name in ("timer_hz", "tickrate_hz"))
    if ticks == 0 or timer < ticks:
        raise Wrong(f"tickrate_hz: {ticks}; must be from 1 to timer_hz ({timer})")
    real = config.clock_hz // (config.timer.prescaler if config.timer else 1)
    if config.serial and timer != real:
        raise Wrong(f"timer_hz: {timer}; in profile {config.name} the timer advances {real} times a second")
    layout = "MICROSOFT_CHERIOT_SAFE" in description.get("defines", [])
    if config.timer and layout != (config.timer.layout == "safe"):
        verb = "must be" if config.timer.layout == "safe" else "must not be"
        raise Wrong(f"defines: MICROSOFT_CHERIOT_SAFE {verb} among them: it tells the layout of the timer")


def _features(description: dict[str, Any], config: SocConfig) -> None:
    revoker = description.get("revoker")
    if revoker not in REVOKERS:
        raise Wrong(f"revoker: {revoker!r}; must be hardware, software or left out")
    if revoker == "hardware" and config.revoker is None:
        raise Wrong(f"revoker: hardware, but profile {config.name} has none; use software")
    if revoker == "hardware" and "revoker" not in _object(description, "devices"):
        raise Wrong("devices.revoker: missing, but the revoker is hardware")
    cpu = description.get("cpu", "cheriot")
    if cpu not in CPUS:
        raise Wrong(f"cpu: {cpu!r}; must be one of {', '.join(CPUS)}")
    missing = [name for name in CPUS[cpu] if name not in config.core.extensions]
    if missing:
        raise Wrong(f"cpu: images for {cpu} need {', '.join(missing)}, which profile {config.name} has not")
