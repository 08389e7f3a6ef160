"""The board description of a system, made from its configuration.

Source: CHERIoT RTOS, docs/BoardDescriptions.md; platform specification, "Board description file".
"""

import json
from typing import Any

from rtl.config import BIT_MANIPULATION, Region, SocConfig
from rtl.soc.plic import REVOKER, UART

DEVICES = {"clint": "timer", "plic": "plic", "revoker": "revoker", "uart": "uart", "gpio_led0": "gpio"}
"""Names that CHERIoT RTOS and its examples know, and those of our memory map. `shadow` is the bitmap."""
PULSES, LEVELS = {"RevokerInterrupt": REVOKER}, {"UARTInterrupt": UART}
"""Interrupts by name: those that are pulses, and those that stay until what raised them is dealt with."""
REVOKER_PRIORITY, UART_PRIORITY = 2, 3
STUB_INTERRUPT = {"name": "FakeInterrupt", "number": 4, "priority": 2}
"""Without an interrupt controller there is a stub driver, which wants one to be named."""
SIMULATED_HZ, SIMULATED_TICKS = 100_000, 10
SLOW_HZ = 2_000
"""The usual rates of simulators, by whether the timer is prescaled: a tick is so many units of the timer."""
BOARD_TICKS = 100
PLATFORM = "${sdk}/include/platform/"
RUN_COMMAND = "cheriot-run"


def board(config: SocConfig) -> dict[str, Any]:
    """The description as plain data. Addresses are `Hex` numbers."""
    regions = config.map()
    devices = {name: _range(regions[block]) for name, block in DEVICES.items() if block in regions}
    devices["shadow"] = _range(Region(base=config.heap.bitmap, size=config.heap.bitmap_bytes))
    found: dict[str, Any] = {
        "devices": devices,
        "instruction_memory": {"start": Hex(config.ram.base), "end": Hex(config.ram.end)},
        "heap": {"end": Hex(min(config.ram.end, config.heap.base + config.heap.size))},
        "revokable_memory_start": Hex(config.heap.base),
        "interrupts": _interrupts(config),
        "defines": _defines(config),
        "driver_includes": [PLATFORM + folder for folder in _drivers(config)],
        **_clock(config),
        "revoker": "hardware" if config.revoker is not None else "software",
        "stack_high_water_mark": True,
    }
    if not config.serial:
        found |= {"simulation": True, "run_command": RUN_COMMAND}
    if set(BIT_MANIPULATION) <= set(config.core.extensions):
        found["cpu"] = "cheriot-ibex"
    return found


class Hex(int):
    """A number that is written in hexadecimal."""


def as_text(description: dict[str, Any]) -> str:
    """The file: JSON with hexadecimal numbers, as its readers take it."""
    return _text(description, "") + "\n"


def _text(value: Any, indent: str) -> str:
    deeper = indent + "    "
    if isinstance(value, dict) and any(isinstance(part, dict | list) for part in value.values()):
        parts = [f"{deeper}{json.dumps(name)}: {_text(part, deeper)}" for name, part in value.items()]
        return "{\n" + ",\n".join(parts) + f"\n{indent}}}"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(name)}: {_text(part, '')}" for name, part in value.items()) + " }"
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(deeper + _text(part, deeper) for part in value) + f"\n{indent}]"
    return hex(value) if isinstance(value, Hex) else json.dumps(value)


def _range(region: Region) -> dict[str, Hex]:
    return {"start": Hex(region.base), "length": Hex(region.size)}


def _interrupts(config: SocConfig) -> list[dict[str, Any]]:
    if config.plic is None:
        return [STUB_INTERRUPT]
    found: list[dict[str, Any]] = []
    if config.revoker is not None:
        (name, number), *_ = PULSES.items()
        found.append({"name": name, "number": number, "priority": REVOKER_PRIORITY, "edge_triggered": True})
    if config.uart is not None:
        (name, number), *_ = LEVELS.items()
        found.append({"name": name, "number": number, "priority": UART_PRIORITY})
    return found


def _safe_layout(config: SocConfig) -> bool:
    return config.timer is not None and config.timer.layout == "safe"


def _defines(config: SocConfig) -> list[str]:
    return ["MICROSOFT_CHERIOT_SAFE"] if _safe_layout(config) else ["SAIL", "RISCV_HTIF"]


def _drivers(config: SocConfig) -> list[str]:
    first = ["synopsis"] if config.serial else []
    return [*first, *(["ibex", "microsoft_cheriot_safe"] if _safe_layout(config) else ["sail"]), "generic-riscv"]


def _clock(config: SocConfig) -> dict[str, int]:
    prescaler = config.timer.prescaler if config.timer else 1
    if config.serial:
        return {"timer_hz": config.clock_hz // prescaler, "tickrate_hz": BOARD_TICKS}
    return {"timer_hz": SIMULATED_HZ if prescaler == 1 else SLOW_HZ, "tickrate_hz": SIMULATED_TICKS}
