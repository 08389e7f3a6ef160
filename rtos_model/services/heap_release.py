"""Release and long-term claims (HP-19...HP-25, HP-29...HP-31, HP-34)."""

from rtos_model.services import hazards
from rtos_model.services.allocator import attempt
from rtos_model.services.entries import service
from rtos_model.services.errors import Errno
from rtos_model.services.events import Claim as ClaimEvent
from rtos_model.services.events import Free
from rtos_model.services.heap import Chunk, Claim, HeapObject
from rtos_model.services.heap_lock import lock, unlock, wake_sleepers
from rtos_model.services.pointers import Value, as_cap
from rtos_model.services.quota import ALLOCATE, FREE_ALL, Quota, charge, open_quota, remaining

SATURATED = 0xFFFF_FFFF
RECORD = 8
"""Bytes of a claim's record, as a request to the heap."""


def _live_object(ctx, pointer: Value) -> HeapObject | None:
    """HP-19: what the base of an unsealed valid pointer lies in."""
    cap = ctx.kernel.memory.filtered(as_cap(pointer))
    return ctx.kernel.heap.find(cap.bounds()[0]) if cap.tag and not cap.sealed else None


def _may_release(quota: Quota | None, pointer: Value, found: HeapObject | None) -> int:
    """HP 12.5, rows 1-6."""
    if quota is None:
        return -Errno.EPERM
    if found is None:
        return -Errno.EINVAL
    owns = found.owner == quota.name and _covers(pointer, found)
    return 0 if owns or quota.name in found.claims else -Errno.EPERM


def _covers(pointer: Value, found: HeapObject) -> bool:
    return as_cap(pointer).bounds() == (found.start, found.start + found.length)


def _release(ctx, quota: Quota, found: HeapObject, *, as_owner: bool, whole_claim: bool = False) -> None:
    """HP-20, HP-21."""
    kernel = ctx.kernel
    action = "owner-dropped" if as_owner else "claim-dropped"
    if as_owner:
        found.owner = None
        charge(kernel, quota, -found.charge)
    else:
        claim = found.claims[quota.name]
        if claim.count != SATURATED:
            claim.count -= 1
        if claim.count == 0 or whole_claim:
            del found.claims[quota.name]
            charge(kernel, quota, -found.charge - claim.record.size)
            hazards.end_record(ctx, claim.record)
    if not found.wanted:
        action = "freed" if hazards.end(ctx, found) else "deferred-hazard"
    kernel.emit(Free(quota.name, found.name, action))


def release(ctx, handle: Value, pointer: Value, *, dry_run: bool = False) -> int:
    """HP 12.5 with the lock held: what `heap_free` returns; `dry_run` changes nothing."""
    quota = open_quota(ctx, handle)
    found = _live_object(ctx, pointer) if quota else None
    code = _may_release(quota, pointer, found)
    if code and not dry_run:
        ctx.kernel.emit(Free(quota.name if quota else "?", found.name if found else "?", "refused"))
    if code or dry_run:
        return code
    assert quota is not None and found is not None
    _release(ctx, quota, found, as_owner=found.owner == quota.name and _covers(pointer, found))
    return 0


@service("allocator", min_stack=0x260, arguments=2)
def heap_free(ctx, handle: Value, pointer: Value):
    """0, -EPERM, -EINVAL."""
    yield from lock(ctx)
    code = release(ctx, handle, pointer)
    if code == 0:
        yield from wake_sleepers(ctx)
    yield from unlock(ctx)
    return code


@service("allocator", min_stack=0x260, arguments=2)
def heap_can_free(ctx, handle: Value, pointer: Value):
    """HP-24."""
    yield from lock(ctx)
    code = release(ctx, handle, pointer, dry_run=True)
    yield from unlock(ctx)
    return code


@service("allocator", min_stack=0x1A0, arguments=1)
def heap_free_all(ctx, handle: Value):
    """HP-25: the bytes given back, or -EPERM."""
    yield from lock(ctx)
    quota = open_quota(ctx, handle, FREE_ALL)
    freed = -Errno.EPERM
    if quota is not None:
        freed = _release_all(ctx, quota)
        if freed:
            yield from wake_sleepers(ctx)
    yield from unlock(ctx)
    return freed


def _release_all(ctx, quota: Quota) -> int:
    freed = 0
    for start, found in sorted(ctx.kernel.heap.objects.items()):
        owns = found.owner == quota.name
        if start in ctx.kernel.heap.objects and not found.sealed and (owns or quota.name in found.claims):
            freed += found.charge
            _release(ctx, quota, found, as_owner=owns, whole_claim=True)
    return freed


@service("allocator", min_stack=0x1C0, arguments=2)
def heap_claim(ctx, handle: Value, pointer: Value):
    """HP-29: the size of the object's body, -EPERM, -EINVAL, -ENOMEM."""
    yield from lock(ctx)
    quota = open_quota(ctx, handle, ALLOCATE)
    found = _live_object(ctx, pointer) if quota else None
    if quota is None:
        result = -Errno.EPERM
    elif found is None:
        result = -Errno.EINVAL
    elif _claim(ctx, quota, found):
        ctx.kernel.emit(ClaimEvent(quota.name, found.name, found.claims[quota.name].count))
        result = found.length
    else:
        result = -Errno.ENOMEM
    yield from unlock(ctx)
    return result


def _claim(ctx, quota: Quota, found: HeapObject) -> bool:
    """HP-30, HP-34: False when there is no room, with nothing changed.

    The attempt to allocate the record lets go of deferred objects (HP-22), but not of the one that is being claimed:
    else the claim would end what it is to keep.
    """
    kernel = ctx.kernel
    claim = found.claims.get(quota.name)
    if claim is not None:
        claim.count = min(claim.count + 1, SATURATED)
        return True
    owns = found.owner == quota.name
    price = 0 if owns else found.charge
    if remaining(kernel, quota) < price:
        return False
    charge(kernel, quota, price)
    record = attempt(ctx, quota, RECORD, claiming=found)
    if not isinstance(record, Chunk):
        charge(kernel, quota, -price)
        return False
    found.claims[quota.name] = Claim(2 if owns else 1, record)
    if owns:
        found.owner = None
    if found in kernel.heap.deferred:
        kernel.heap.deferred.remove(found)
    return True
