"""The allocator compartment: quotas, allocation, release, sealed objects (HP-1...HP-28, TK-4...TK-12).

A quota is named after its static sealed object; what is left of it is the first word of that object's payload. Other
services allocate on their caller's quota through `allocate` and `release`, which are what the API entries use as well.
"""

from dataclasses import dataclass

from rtos_model.machine.capability import NULL, Cap, Perm, representable_length
from rtos_model.services import timeout, token
from rtos_model.services.entries import service
from rtos_model.services.errors import Errno, ServiceModelError
from rtos_model.services.events import Alloc, Free
from rtos_model.services.heap import HeapObject, usable_size
from rtos_model.services.image import MALLOC_KEY
from rtos_model.services.loader import OTYPE_DYNAMIC, SEAL_HEADER, hardware_seal
from rtos_model.services.pointers import Value, as_cap, as_int, check_pointer

ALLOCATE, FREE_ALL = 1, 2
WAIT_REVOCATION, WAIT_QUOTA, WAIT_HEAP = 1, 2, 4
ALL_WAITS = 7


@dataclass(frozen=True, slots=True)
class Quota:
    """An acceptable quota handle: its name and the pointer to its body."""

    name: str
    body: Cap


def open_quota(kernel, handle: Value, needed: int = 0) -> Quota | None:
    """HP-3: None if the handle is not acceptable (-EPERM everywhere)."""
    if needed & ~token.permissions_of(handle):
        return None
    body = token.unseal(kernel, kernel.loaded.keys[MALLOC_KEY], handle, static_only=True)
    return Quota(kernel.loaded.name_of(body.address), body) if body.tag else None


def remaining(kernel, quota: Quota) -> int:
    return kernel.memory.load(quota.body)


def charge(kernel, quota: Quota, amount: int) -> None:
    kernel.memory.store(quota.body, remaining(kernel, quota) - amount)


def attempt(kernel, quota: Quota, request: int, *, sealed: bool = False) -> HeapObject | str:
    """One attempt (HP 12.4): the object, or why not: permanent, quota, revocation, full."""
    heap = kernel.heap
    usable = usable_size(request)
    if usable == 0 or usable > heap.total:
        return "permanent"
    if usable > remaining(kernel, quota):
        return "quota"
    heap.release(kernel.revoker.epoch, 4)
    place = heap.fit(request)
    if place is not None:
        if place[2] > remaining(kernel, quota):
            return "quota"
        made = heap.carve(request, place, quota.name, sealed=sealed)
        charge(kernel, quota, made.charge)
        return made
    if heap.quarantine and heap.quarantined_bytes + heap.free_bytes >= usable + 8:
        return "revocation"
    return "permanent" if usable + 8 > heap.total else "full"


REFUSALS = {
    "revocation": (WAIT_REVOCATION, Errno.EAGAIN),
    "quota": (WAIT_QUOTA, Errno.ENOMEM),
    "full": (WAIT_HEAP, Errno.ENOMEM),
}


def allocate(ctx, t: Value, quota: Quota, request: int, flags: int, *, sealed: bool = False):
    """Allocate on `quota`: the object, or a negative code. A generator, since it may wait."""
    outcome = attempt(ctx.kernel, quota, request, sealed=sealed)
    if isinstance(outcome, HeapObject):
        ctx.kernel.emit(Alloc(quota.name, request, outcome.charge, outcome.name))
        return outcome
    if outcome == "permanent":
        code = Errno.EINVAL
    else:
        flag, code = REFUSALS[outcome]
        if flags & flag:
            code = Errno.ETIMEDOUT
            if timeout.may_block(ctx, t):
                raise ServiceModelError(f"allocation of {request} bytes would wait ({outcome}); pass a zero timeout")
    ctx.kernel.emit(Alloc(quota.name, request, 0, -code))
    return -code
    yield


def release(ctx, handle: Value, pointer: Value, *, dry_run: bool = False) -> int:
    """HP 12.5: what `heap_free` returns; `dry_run` changes nothing."""
    kernel = ctx.kernel
    quota = open_quota(kernel, handle)
    cap = kernel.memory.filtered(as_cap(pointer))
    found = kernel.heap.find(cap.bounds()[0]) if cap.tag and not cap.sealed else None
    if quota is None:
        code = -Errno.EPERM
    elif found is None:
        code = -Errno.EINVAL
    elif found.owner != quota.name or cap.bounds() != (found.start, found.start + found.length):
        code = -Errno.EPERM
    else:
        code = 0
    if not dry_run:
        name = quota.name if quota else "?"
        kernel.emit(Free(name, found.name if found else "?", "refused" if code else "freed"))
        if code == 0:
            assert quota is not None and found is not None
            charge(kernel, quota, -found.charge)
            destroy(kernel, found)
    return code


def destroy(kernel, found: HeapObject) -> None:
    """HP-22, HP-41: the object dies; perhaps the revoker starts."""
    heap = kernel.heap
    heap.destroy(found, kernel.revoker.epoch)
    heap.release(kernel.revoker.epoch, 3)
    if heap.quarantine and (heap.quarantined_bytes > heap.free_bytes // 4 or heap.free_bytes < heap.total // 8):
        kernel.revoker.kick()


def error_pointer(code: int) -> Cap:
    return as_cap(code)


@service("allocator", min_stack=0x220, arguments=4)
def heap_allocate(ctx, t: Value, handle: Value, size: int, flags: int = ALL_WAITS):
    if not timeout.valid(ctx, t):
        return error_pointer(-Errno.EINVAL)
    quota = open_quota(ctx.kernel, handle, ALLOCATE)
    if quota is None:
        return error_pointer(-Errno.EPERM)
    made = yield from allocate(ctx, t, quota, as_int(size), as_int(flags))
    return ctx.kernel.heap.pointer(made) if isinstance(made, HeapObject) else error_pointer(made)


@service("allocator", min_stack=0x260, arguments=2)
def heap_free(ctx, handle: Value, pointer: Value) -> int:
    return release(ctx, handle, pointer)


@service("allocator", min_stack=0x260, arguments=2)
def heap_can_free(ctx, handle: Value, pointer: Value) -> int:
    """HP-24."""
    return release(ctx, handle, pointer, dry_run=True)


@service("allocator", min_stack=0xB0, arguments=1)
def heap_quota_remaining(ctx, handle: Value) -> int:
    """HP-26."""
    quota = open_quota(ctx.kernel, handle)
    return -Errno.EPERM if quota is None else remaining(ctx.kernel, quota)


# ------------------------------------------------------------------------------------------- sealed objects


def _sealed_object(ctx, t: Value, handle: Value, key: Value, size: int, rights: Perm):
    """TK-4, TK-5: (sealed handle, payload pointer), or None on any failure."""
    rounded = representable_length(as_int(size)) & 0xFFFF_FFFF
    if not token.key_allows(key, rights) or rounded == 0 or rounded + SEAL_HEADER > 0xFFFF_FFFF:
        return None
    quota = open_quota(ctx.kernel, handle, ALLOCATE)
    if quota is None:
        return None
    made = yield from allocate(ctx, t, quota, rounded + SEAL_HEADER, ALL_WAITS, sealed=True)
    if not isinstance(made, HeapObject):
        return None
    whole = ctx.kernel.heap.pointer(made)
    payload = (whole.bounds()[1] - rounded) & ~7
    ctx.kernel.memory.poke(payload - SEAL_HEADER, as_cap(key).address.to_bytes(4, "little") + bytes(4))
    sealed = hardware_seal(whole.with_address(payload + token.PERMISSION_BITS), OTYPE_DYNAMIC)
    return sealed, whole.with_address(payload).with_bounds(whole.bounds()[1] - payload)


@service("allocator", min_stack=0x290, arguments=5)
def token_sealed_unsealed_alloc(ctx, t: Value, handle: Value, key: Value, size: int, out: Value):
    if not timeout.valid(ctx, t):
        return NULL
    made = yield from _sealed_object(ctx, t, handle, key, size, Perm.SE | Perm.US)
    sealed, unsealed = made or (NULL, NULL)
    slot = as_cap(out)
    usable = check_pointer(slot, Perm.SD | Perm.MC, 8, ctx.stack.bounds()) and slot.address % 8 == 0
    if usable:
        ctx.store_cap(slot, unsealed)
    return sealed


@service("allocator", min_stack=0x260, arguments=4)
def token_sealed_alloc(ctx, t: Value, handle: Value, key: Value, size: int):
    if not timeout.valid(ctx, t):
        return NULL
    made = yield from _sealed_object(ctx, t, handle, key, size, Perm.SE)
    return made[0] if made else NULL


def _destroy(ctx, handle: Value, key: Value, sealed: Value, *, dry_run: bool) -> int:
    body = token.unseal(ctx.kernel, key, sealed, dynamic_only=True)
    if not body.tag:
        return -Errno.EINVAL
    found = ctx.kernel.heap.find(body.bounds()[0])
    return release(ctx, handle, ctx.kernel.heap.pointer(found), dry_run=dry_run)


@service("allocator", min_stack=0x270, arguments=3)
def token_obj_destroy(ctx, handle: Value, key: Value, sealed: Value) -> int:
    return _destroy(ctx, handle, key, sealed, dry_run=False)


@service("allocator", min_stack=0x270, arguments=3)
def token_obj_can_destroy(ctx, handle: Value, key: Value, sealed: Value) -> int:
    return _destroy(ctx, handle, key, sealed, dry_run=True)
