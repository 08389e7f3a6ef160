"""Jumps and the sentries that they make and accept. Source: CHERIoT ISA, "Control flow"."""

from rtl.isa.capfmt import Otype
from rtl.isa.trap import CapFault
from rtos_model.machine.capability import Perm
from rtos_model.machine.trap import capability_fault
from rtos_model.machine.value import OTYPE_AT, SEALED, TAG, capability, permissions

JUMP = ("cjal", "cjalr")
LINK = 1
"""The register whose link is sealed, and through which returns go (DEC-11)."""
RETURNS: frozenset[int] = frozenset({Otype.RETURN_DISABLE, Otype.RETURN_ENABLE})
CALLS: frozenset[int] = frozenset({Otype.UNSEALED, Otype.SENTRY_INHERIT, Otype.SENTRY_DISABLE, Otype.SENTRY_ENABLE})
PLAIN: frozenset[int] = frozenset({Otype.UNSEALED, Otype.SENTRY_INHERIT})
POSTURE: dict[int, int] = {
    Otype.SENTRY_DISABLE: 0,
    Otype.SENTRY_ENABLE: 1,
    Otype.RETURN_DISABLE: 0,
    Otype.RETURN_ENABLE: 1,
}
"""What each type that changes it sets the interrupt enable to."""


def accepted(cd: int, cs1: int) -> frozenset[int]:
    """The object types that a jump accepts depend on its register numbers alone."""
    if cd == 0 and cs1 == LINK:
        return RETURNS
    return CALLS if cd == LINK else PLAIN


def check_jump(target: int, imm: int, cd: int, cs1: int) -> int:
    """The object type of a legal jump's target; raises the trap of any other."""
    if target < TAG:
        raise capability_fault(CapFault.TAG, cs1)
    otype = capability(target).otype
    if otype not in accepted(cd, cs1) or (otype and imm):
        raise capability_fault(CapFault.SEAL, cs1)
    if not permissions(target) & Perm.EX:
        raise capability_fault(CapFault.PERMIT_EXECUTE, cs1)
    return otype


def link(value: int, cd: int, enabled: int) -> int:
    """A return address as `cd` gets it: in the link register a backward sentry that restores the posture."""
    if cd != LINK:
        return value
    return value & ~SEALED | (Otype.RETURN_ENABLE if enabled else Otype.RETURN_DISABLE) << OTYPE_AT
