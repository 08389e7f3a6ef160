"""Sealed objects and keys (TK-1...TK-20): the unsealing library; allocation of sealed objects is in sealing.py.

A handle is a hardware-sealed capability to [padding][header: key number, pad][payload], its address the payload's start
plus three permission bits. Unsealing compares the number in the header with the key's address.
"""

from rtos_model.machine.capability import NULL, Cap, Perm
from rtos_model.services.entries import inline, library
from rtos_model.services.image import Posture
from rtos_model.services.loader import OTYPE_DYNAMIC, OTYPE_STATIC, SEAL_HEADER, hardware_seal, hardware_unseal
from rtos_model.services.pointers import Value, as_cap, as_int

PERMISSION_BITS = 7


def key_allows(key: Value, permissions: Perm) -> bool:
    """Is it a sealing key with these rights: tagged, non-empty, pointing at its base?"""
    cap = as_cap(key)
    base, top = cap.bounds()
    right = cap.tag and not cap.sealed and not permissions & ~cap.permissions
    return bool(right and cap.address == base and top > base)


def unseal(kernel, key: Value, handle: Value, *, dynamic_only: bool = False, static_only: bool = False) -> Cap:
    """The payload pointer, or NULL when the key does not open the handle."""
    cap = kernel.memory.filtered(as_cap(handle))
    otypes = {OTYPE_DYNAMIC, OTYPE_STATIC} - ({OTYPE_STATIC} if dynamic_only else set())
    otypes -= {OTYPE_DYNAMIC} if static_only else set()
    if not key_allows(key, Perm.US) or not cap.tag or cap.otype not in otypes:
        return NULL
    key_cap = as_cap(key)
    whole = hardware_unseal(cap, cap.otype)
    payload = cap.address & ~PERMISSION_BITS
    header = whole.with_address(payload - SEAL_HEADER)
    if int.from_bytes(kernel.memory.peek(header.address, 4), "little") != key_cap.address:
        return NULL
    if not key_cap.permissions & Perm.GL:
        whole = whole.with_permissions(~Perm.GL & 0xFFF)
    return whole.with_address(payload).with_bounds(whole.bounds()[1] - payload)


def permissions_of(handle: Value) -> int:
    """TK-20: the three software permission bits (works on anything)."""
    return as_int(handle) & PERMISSION_BITS


@library("token", posture=Posture.DISABLED)
def token_obj_unseal(ctx, key: Value, handle: Value) -> Cap:
    return unseal(ctx.kernel, key, handle)


@library("token", posture=Posture.DISABLED)
def token_obj_unseal_dynamic(ctx, key: Value, handle: Value) -> Cap:
    return unseal(ctx.kernel, key, handle, dynamic_only=True)


@library("token", posture=Posture.DISABLED)
def token_obj_unseal_static(ctx, key: Value, handle: Value) -> Cap:
    return unseal(ctx.kernel, key, handle, static_only=True)


@inline()
def token_permissions_get(ctx, handle: Value) -> int:
    """TK-20."""
    return permissions_of(handle)


@library("token")
def token_permissions_and(ctx, handle: Value, mask: int) -> Cap:
    """TK-20: the same handle with bits AND mask; untagged unless it is sealed with otype 11 or 12."""
    return permissions_and(as_cap(handle), mask)


def permissions_and(handle: Cap, mask: int) -> Cap:
    address = handle.address & (~PERMISSION_BITS | mask & PERMISSION_BITS) & 0xFFFF_FFFF
    if not handle.tag or handle.otype not in (OTYPE_DYNAMIC, OTYPE_STATIC):
        return handle.without_tag()
    return hardware_seal(hardware_unseal(handle, handle.otype).with_address(address), handle.otype)
