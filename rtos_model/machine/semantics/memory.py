"""Which accesses an authority permits, and what happens to a capability on its way from and to memory.

Source: CHERIoT ISA, "Data memory access". The order of the checks is the order of the text.
"""

from functools import cache
from typing import NamedTuple

from rtl.isa.capfmt import GRANULE
from rtl.isa.trap import CapFault, Cause
from rtos_model.machine.capability import COMPRESSED, EXPANDED, Perm
from rtos_model.machine.trap import Trap, capability_fault
from rtos_model.machine.value import PERMS_AT, PERMS_MASK, SEALED, TAG, cleared, span


class Access(NamedTuple):
    """Bytes moved and, of a load, whether the number is signed."""

    size: int
    signed: bool = False


LOAD = {
    "lb": Access(1, signed=True),
    "lh": Access(2, signed=True),
    "lw": Access(4),
    "clc": Access(GRANULE),
    "lbu": Access(1),
    "lhu": Access(2),
}
STORE = {"sb": Access(1), "sh": Access(2), "sw": Access(4), "csc": Access(GRANULE)}


def _having(wanted: Perm) -> tuple[bool, ...]:
    """For each of the compressed permissions, whether they have one of those wanted. (Flags are slow.)"""
    return tuple(bool(granted & wanted) for granted in EXPANDED)


_LOADS, _STORES = _having(Perm.LD), _having(Perm.SD)
_FOR_CAPABILITIES, _STORES_LOCAL, _IS_GLOBAL = _having(Perm.MC), _having(Perm.SL), _having(Perm.GL)
_FOR_TYPES = _having(Perm.SE | Perm.US | Perm.U0)


def check_load(authority: int, address: int, size: int, register: int) -> None:
    """Raises the trap of a load of `size` bytes; `register` holds the authority."""
    if authority < TAG:
        raise capability_fault(CapFault.TAG, register)
    if authority & SEALED:
        raise capability_fault(CapFault.SEAL, register)
    if not _LOADS[authority >> PERMS_AT & PERMS_MASK]:
        raise capability_fault(CapFault.PERMIT_LOAD, register)
    _, _, base, top = span(authority)
    if address < base or address + size > top:
        raise capability_fault(CapFault.BOUNDS, register)
    if size == GRANULE and address % GRANULE:
        raise Trap(Cause.LOAD_MISALIGNED, address)


def check_store(authority: int, address: int, size: int, register: int, value: int) -> None:
    """Raises the trap of a store; `value` is what would be stored, of which only a capability's tag matters."""
    if authority < TAG:
        raise capability_fault(CapFault.TAG, register)
    if authority & SEALED:
        raise capability_fault(CapFault.SEAL, register)
    granted = authority >> PERMS_AT & PERMS_MASK
    if not _STORES[granted]:
        raise capability_fault(CapFault.PERMIT_STORE, register)
    if size == GRANULE and value >= TAG and not _FOR_CAPABILITIES[granted]:
        raise capability_fault(CapFault.PERMIT_STORE_CAPABILITY, register)
    _, _, base, top = span(authority)
    if address < base or address + size > top:
        raise capability_fault(CapFault.BOUNDS, register)
    if size == GRANULE and address % GRANULE:
        raise Trap(Cause.STORE_MISALIGNED, address)


@cache
def _attenuated(perms: int, sealed: bool, authority: int) -> int:
    """Compressed permissions of a tagged capability that was loaded through an authority with MC."""
    kept, granted = EXPANDED[perms], EXPANDED[authority]
    if not granted & Perm.LG:
        kept &= ~(Perm.GL if sealed else Perm.GL | Perm.LG)
    if not granted & Perm.LM and not sealed:
        kept &= ~(Perm.SD | Perm.LM)
    return COMPRESSED[kept]


def attenuated(value: int, authority: int) -> int:
    """What `clc` makes of a granule before the load filter looks at it."""
    granted = authority >> PERMS_AT & PERMS_MASK
    if value < TAG:
        return value
    if not _FOR_CAPABILITIES[granted]:
        return cleared(value)
    perms = value >> PERMS_AT & PERMS_MASK
    kept = _attenuated(perms, bool(value & SEALED), granted)
    return value ^ (perms ^ kept) << PERMS_AT


def may_be_revoked(value: int) -> bool:
    """Whether the load filter looks at a capability: tagged, and not an authority over types."""
    return value >= TAG and not _FOR_TYPES[value >> PERMS_AT & PERMS_MASK]


def stored(value: int, authority: int) -> int:
    """What `csc` writes: a capability without GL loses its tag where SL is lacking."""
    local = not _IS_GLOBAL[value >> PERMS_AT & PERMS_MASK]
    return cleared(value) if local and not _STORES_LOCAL[authority >> PERMS_AT & PERMS_MASK] else value
