"""The two words of every import entry before the loader reads them. Source: platform specification 5.2."""

from cosim.errors import UserError
from cosim.toolchain.system import header, tables
from cosim.toolchain.system.describe import Described
from cosim.toolchain.system.place import Places
from cosim.toolchain.system.tables import Slot
from rtos_model.machine.capability import alignment_mask, representable_length
from rtos_model.services.image import (
    DeviceImport,
    FunctionImport,
    Image,
    KeyImport,
    SealedImport,
    SharedImport,
)


def import_value(image: Image, holder: Described, slot: Slot, places: Places) -> tuple[int, int]:
    """Address, and size with permissions. Raises UserError for a range that no capability covers exactly."""
    match slot.wanted:
        case FunctionImport(provider=provider, function=function):
            table = places.exports[provider][0]
            entry = table + tables.export_index(tables.unit_of(image, provider), function)
            return entry | slot.by_sentry, 0
        case KeyImport(key=key):
            return places.exports[holder.name][0] + tables.key_index(holder, key), 0
        case SealedImport(sealed=name):
            return places.sealed[name]
        case SharedImport(shared=name, permissions=letters):
            size = next(one.size for one in image.shared_objects if one.name == name)
            return _region(f"shared object {name!r}", places.shared[name][0], size, letters)
        case DeviceImport(device=name, permissions=letters, offset=offset, length=length):
            device = next(one for one in image.devices if one.name == name)
            size = device.length - offset if length is None else length
            return _region(f"device {name!r}", device.start + offset, size, letters)
    raise AssertionError(slot)


def _region(what: str, start: int, size: int, letters: str) -> tuple[int, int]:
    if size > header.IMPORT_SIZE:
        raise UserError(f"{what}: {size} bytes; an import covers at most {header.IMPORT_SIZE}")
    step = (~alignment_mask(size) & 0xFFFF_FFFF) + 1
    if representable_length(size) != size or start % step:
        raise UserError(
            f"{what}: no capability covers [{start:#x}, {start + size:#x}) exactly; "
            f"start and size must be multiples of {step}"
        )
    return start, size | sum(header.IMPORT_PERMISSIONS[letter] for letter in letters)
