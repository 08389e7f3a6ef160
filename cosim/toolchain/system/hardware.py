"""What the RTOS needs on the hardware beyond what the model's services declare: devices, and who may reach them.

The same `Image` describes both sides; these grants are added when it is built, and stand in the audit report.
"""

from collections.abc import Mapping
from dataclasses import replace

from cosim.toolchain.program import platform_constants
from rtl.config import SocConfig
from rtos_model.services.image import (
    Compartment,
    Device,
    DeviceImport,
    Export,
    FunctionImport,
    Image,
    Import,
    Posture,
    RevokerKind,
    SharedImport,
)

TIMER_TIME, TIMER_COMPARE = 0x10, 0x18
EXIT_REGISTER, ADVANCE_REGISTER, RAISE_REGISTER = 0x00, 0x18, 0x1C
WINDOW_BYTES = 0x40
WINDOWS = {"scheduler": 1, "allocator": 2, "message_queue": 4, "timer_service": 5, "thread_pool": 6}
"""Event windows in simulation control, by compartment."""
TIME = DeviceImport(device="mtime", permissions="R")
GRANTS: dict[str, tuple[Import, ...]] = {
    "scheduler": (
        DeviceImport(device="clint"),
        TIME,
        DeviceImport(device="plic"),
        DeviceImport(device="simulation_exit", permissions="W"),
    ),
    "allocator": (
        DeviceImport(device="heap", permissions="RWcmg"),
        DeviceImport(device="shadow"),
        TIME,
        FunctionImport(provider="token", function="token_obj_unseal_static"),
        FunctionImport(provider="switcher", function="thread_id_get"),
    ),
    "timer_service": (TIME,),
    "locks": (TIME,),
    "compartment_helpers": (TIME, SharedImport(shared="allocator_epoch", permissions="R")),
}
SCHEDULER_ENTRIES = (
    Export(name="scheduler_entry", posture=Posture.DISABLED, arguments=2, exported=False),
    Export(name="exception_entry", posture=Posture.INHERIT, arguments=4, exported=False),
)
"""For the loader alone, which finds them at the start of the scheduler's export table: initialisation, and where the
switcher takes interrupts to."""
REVOKER_MACROS = {
    RevokerKind.INTERRUPT: "REVOKER_INTERRUPT",
    RevokerKind.POLLED: "REVOKER_POLLED",
    RevokerKind.SOFTWARE: "REVOKER_SOFTWARE",
}


def devices(config: SocConfig, heap_start: int, heap_size: int) -> tuple[Device, ...]:
    """Blocks of a system by the names that sources use; the heap is one of them for its only holder."""
    regions = config.map()
    found = {name: (regions[name].base, regions[name].size) for name in ("plic", "revoker", "uart") if name in regions}
    found["shadow"] = config.heap.bitmap, config.heap.bitmap_bytes
    if config.timer is not None:
        found["clint"] = config.timer.base + TIMER_COMPARE, 8
        found["mtime"] = config.timer.base + TIMER_TIME, 8
    if config.simctl is not None:
        found["events"] = config.simctl, WINDOW_BYTES * (1 + max(WINDOWS.values()))
        found["simulation_exit"] = config.simctl + EXIT_REGISTER, 4
        found["simulation_clock"] = config.simctl + ADVANCE_REGISTER, 8
    found["heap"] = heap_start, heap_size
    return tuple(Device(name=name, start=start, length=length) for name, (start, length) in found.items())


def with_hardware(image: Image, config: SocConfig, grants: Mapping[str, tuple[Import, ...]]) -> Image:
    """The image with this system's devices, the hardware grants of the RTOS's units and others by unit.

    Where the heap starts is not known yet: 0.
    """
    own = {device.name: device for device in devices(config, 0, image.heap_size)}
    kept = tuple(device for device in image.devices if device.name not in own)
    return replace(
        image,
        devices=(*kept, *own.values()),
        compartments=tuple(_granted(one, image, grants.get(one.name, ())) for one in image.compartments),
        libraries=tuple(_granted(one, image, grants.get(one.name, ())) for one in image.libraries),
    )


def _granted(unit, image: Image, more: tuple[Import, ...]):
    wanted: list[Import] = [*GRANTS.get(unit.name, ()), *more]
    if unit.name in WINDOWS and isinstance(unit, Compartment):
        place = WINDOW_BYTES * WINDOWS[unit.name]
        wanted.append(DeviceImport(device="events", permissions="Wc", offset=place, length=WINDOW_BYTES))
    exported = {(one.name, export.name) for one in (*image.compartments, *image.libraries) for export in one.exports}
    wanted = [one for one in wanted if not isinstance(one, FunctionImport) or (one.provider, one.function) in exported]
    entries = SCHEDULER_ENTRIES if unit.name == "scheduler" else ()
    return replace(unit, exports=(*entries, *unit.exports), imports=tuple(dict.fromkeys((*unit.imports, *wanted))))


def macros(image: Image, config: SocConfig) -> dict[str, str]:
    """What every C source of a system may know of it."""
    interrupts = "".join(f"{{{one.number}, {one.priority}, {int(one.edge)}}}, " for one in image.interrupts)
    found = {name: f"{value:#x}U" for name, value in platform_constants(config).items()}
    return found | {
        "CPU_TIMER_HZ": f"{image.timer_hz}U",
        "TICK_RATE_HZ": f"{image.tick_hz}U",
        "CONFIG_THREADS_NUM": str(len(image.threads)),
        "CHERIOT_INTERRUPT_CONFIGURATION": interrupts.strip(),
        "CHERIOT_INTERRUPT_COUNT": str(len(image.interrupts)),
        "REVOCABLE_MEMORY_START": f"{config.heap.base:#x}U",
        REVOKER_MACROS[image.revoker]: "1",
    }
