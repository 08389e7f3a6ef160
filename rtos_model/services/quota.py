"""Quotas: who pays for heap memory, and how much is left (HP-1...HP-5, SG-19).

A quota is a static sealed object {bytes left u32, identity u16, zero}, named after the object. It is paid by whoever
holds a handle to it; handles differ in their permission bits only.
"""

from dataclasses import dataclass

from rtos_model.machine.capability import Cap
from rtos_model.services import token
from rtos_model.services.entries import inline
from rtos_model.services.image import MALLOC_KEY, Word
from rtos_model.services.pointers import Value

ALLOCATE, FREE_ALL = 1, 2
LEFT, IDENTITY = 0, 4
LAST_IDENTITY = 8191
GLOBALS = {"allocator": (Word(name="identities"),)}


@dataclass(frozen=True, slots=True)
class Quota:
    """An acceptable quota handle: its name and the pointer to its body."""

    name: str
    body: Cap


def open_quota(ctx, handle: Value, needed: int = 0) -> Quota | None:
    """HP-3: None if the handle is not acceptable (-EPERM everywhere). `ctx` is the allocator's."""
    kernel = ctx.kernel
    if needed & ~token.permissions_of(handle):
        return None
    body = token.unseal(kernel, kernel.loaded.keys[MALLOC_KEY], handle, static_only=True)
    if not body.tag:
        return None
    if ctx.load(body, IDENTITY, 2) == 0:
        given = ctx.load(ctx.word("identities"))
        if given >= LAST_IDENTITY:
            return None
        ctx.store(ctx.word("identities"), given + 1)
        ctx.store(body, given + 1, IDENTITY, 2)
    return Quota(kernel.loaded.name_of(body.address), body)


def remaining(kernel, quota: Quota) -> int:
    return kernel.memory.load(quota.body, LEFT)


def charge(kernel, quota: Quota, amount: int) -> None:
    """Take `amount` bytes from the quota; a negative amount is a refund."""
    kernel.memory.store(quota.body, remaining(kernel, quota) - amount, LEFT)


@inline()
def allocator_permissions(ctx, handle: Value) -> int:
    """HP-2."""
    return token.permissions_of(handle)


@inline("token_permissions_and")
def allocator_permissions_and(ctx, handle: Value, mask: int):
    """HP-2: a copy of the handle with fewer permissions."""
    return (yield from ctx.call("token_permissions_and", handle, mask))
