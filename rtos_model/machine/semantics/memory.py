"""Which accesses an authority permits, and what happens to a capability on its way from and to memory.

Source: CHERIoT ISA, "Data memory access". The order of the checks is the order of the text.
"""

from functools import cache
from typing import NamedTuple

from rtl.isa.capfmt import GRANULE
from rtl.isa.trap import CapFault, Cause
from rtos_model.machine.capability import COMPRESSED, EXPANDED, Perm
from rtos_model.machine.trap import Trap, capability_fault
from rtos_model.machine.value import PERMS_AT, PERMS_MASK, SEALED, TAG, cleared, permissions, span


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

_GRANTED = {
    kind: tuple(bool(granted & kind) for granted in EXPANDED) for kind in (Perm.LD, Perm.SD, Perm.MC, Perm.SL, Perm.GL)
}
_LOADS, _STORES = _GRANTED[Perm.LD], _GRANTED[Perm.SD]
_STORES_CAPABILITIES, _STORES_LOCAL, _IS_GLOBAL = _GRANTED[Perm.MC], _GRANTED[Perm.SL], _GRANTED[Perm.GL]


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
    if size == GRANULE and value >= TAG and not _STORES_CAPABILITIES[granted]:
        raise capability_fault(CapFault.PERMIT_STORE_CAPABILITY, register)
    _, _, base, top = span(authority)
    if address < base or address + size > top:
        raise capability_fault(CapFault.BOUNDS, register)
    if size == GRANULE and address % GRANULE:
        raise Trap(Cause.STORE_MISALIGNED, address)


@cache
def _attenuated(perms: int, sealed: bool, authority: Perm) -> int:
    """Compressed permissions of a tagged capability that was loaded through an authority with MC."""
    kept = EXPANDED[perms]
    if not authority & Perm.LG:
        kept &= ~(Perm.GL if sealed else Perm.GL | Perm.LG)
    if not authority & Perm.LM and not sealed:
        kept &= ~(Perm.SD | Perm.LM)
    return COMPRESSED[kept]


def attenuated(value: int, authority: int) -> int:
    """What `clc` makes of a granule before the load filter looks at it."""
    granted = permissions(authority)
    if not granted & Perm.MC:
        return cleared(value)
    if value < TAG:
        return value
    perms = value >> PERMS_AT & PERMS_MASK
    kept = _attenuated(perms, bool(value & SEALED), granted)
    return value ^ (perms ^ kept) << PERMS_AT


def may_be_revoked(value: int) -> bool:
    """Whether the load filter looks at a capability: tagged, and not an authority over types."""
    return value >= TAG and not permissions(value) & (Perm.SE | Perm.US | Perm.U0)


def stored(value: int, authority: int) -> int:
    """What `csc` writes: a capability without GL loses its tag where SL is lacking."""
    local = not _IS_GLOBAL[value >> PERMS_AT & PERMS_MASK]
    return cleared(value) if local and not _STORES_LOCAL[authority >> PERMS_AT & PERMS_MASK] else value
