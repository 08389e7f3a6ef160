"""Allocation: attempts, waiting, the API (HP-6...HP-18, HP-26...HP-28).

Whoever calls `allocate` holds the allocator's lock and no longer holds it afterwards. Release and claims are in
heap_release.py, sealed objects in sealing.py.
"""

from rtos_model.machine.capability import NULL, Cap
from rtos_model.services import hazards, timeout
from rtos_model.services.entries import inline, service
from rtos_model.services.errors import Errno
from rtos_model.services.events import Alloc
from rtos_model.services.heap import Chunk, HeapObject, usable_size
from rtos_model.services.heap_lock import lock, probe, sleep_until_free, unlock
from rtos_model.services.image import Posture
from rtos_model.services.pointers import Value, as_cap, as_int, is_tagged
from rtos_model.services.quarantine import wait_for_epoch
from rtos_model.services.quota import ALLOCATE, Quota, charge, open_quota, remaining

WAIT_REVOCATION, WAIT_QUOTA, WAIT_HEAP = 1, 2, 4
ALL_WAITS = 7
MALLOC_TICKS = 30
DEFAULT_QUOTA, DEFAULT_SUFFIX = 4096, ".malloc"
AMBIENT = frozenset({"malloc", "calloc", "free"})
REFUSALS = {
    "revocation": (WAIT_REVOCATION, Errno.EAGAIN),
    "quota": (WAIT_QUOTA, Errno.ENOMEM),
    "full": (WAIT_HEAP, Errno.ENOMEM),
}


def attempt(ctx, quota: Quota, request: int, *, claiming: HeapObject | None = None) -> Chunk | str:
    """One attempt (HP 12.4): the chunk, paid for, or why not: permanent, quota, revocation, full.

    A deferred object that the memory is to claim is not re-examined by its own claim (HP-34).
    """
    kernel, heap = ctx.kernel, ctx.kernel.heap
    hazards.recheck(ctx, claiming)
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
        chunk = heap.carve(place)
        charge(kernel, quota, chunk.size)
        return chunk
    if heap.quarantine:
        kernel.revoker.kick()
        if heap.quarantined_bytes + heap.free_bytes >= usable + 8:
            return "revocation"
    return "permanent" if usable + 8 > heap.total else "full"


def _attempts(ctx, t: Value, quota: Quota, request: int, flags: int):
    """HP 12.4, HP-16: the chunk or a negative code, and whether the lock is held."""
    heap, revoker = ctx.kernel.heap, ctx.kernel.revoker
    while True:
        outcome = attempt(ctx, quota, request)
        if isinstance(outcome, Chunk):
            return outcome, True
        if outcome == "permanent":
            return -Errno.EINVAL, True
        flag, code = REFUSALS[outcome]
        if not flags & flag:
            return -code, True
        if not timeout.may_block(ctx, t):
            return -Errno.ETIMEDOUT, True
        if outcome != "revocation":
            held = yield from sleep_until_free(ctx, t)
        else:
            held = bool(heap.release(revoker.epoch, 4))
            if not held:
                held = yield from wait_for_epoch(ctx, t, heap.quarantine[0][1])
        if not held or not timeout.may_block(ctx, t):
            return -Errno.ETIMEDOUT, held


def allocate(ctx, t: Value, quota: Quota, request: int, flags: int, *, sealed: bool = False):
    """Allocate on `quota`: the object, or a negative code. Gives up the lock."""
    kernel = ctx.kernel
    made, held = yield from _attempts(ctx, t, quota, request, flags)
    if isinstance(made, Chunk):
        made = kernel.heap.make(request, made, quota.name, sealed=sealed)
        kernel.emit(Alloc(quota.name, request, made.charge, made.name))
    else:
        kernel.emit(Alloc(quota.name, request, 0, made))
    if held:
        yield from unlock(ctx)
    return made


def _allocate_pointer(ctx, t: Value, handle: Value, flags: int, sizes: tuple[int, ...]):
    if not timeout.valid(ctx, t):
        return as_cap(-Errno.EINVAL)
    probe(ctx, t)
    yield from lock(ctx)
    quota = open_quota(ctx, handle, ALLOCATE)
    request = sizes[0] * sizes[-1] if len(sizes) == 2 else sizes[0]
    if quota is None or request >= 1 << 32:
        yield from unlock(ctx)
        return as_cap(-Errno.EPERM if quota is None else -Errno.EINVAL)
    made = yield from allocate(ctx, t, quota, request, as_int(flags))
    return ctx.kernel.heap.pointer(made) if isinstance(made, HeapObject) else as_cap(made)


@service("allocator", min_stack=0x220, arguments=4)
def heap_allocate(ctx, t: Value, handle: Value, size: int, flags: int = ALL_WAITS):
    """HP 12.4: a pointer, or an untagged error."""
    return (yield from _allocate_pointer(ctx, t, handle, flags, (as_int(size),)))


@service("allocator", min_stack=0x230, arguments=5)
def heap_allocate_array(ctx, t: Value, handle: Value, count: int, size: int, flags: int = ALL_WAITS):
    """HP 12.4: the same for `count` elements of `size` bytes."""
    return (yield from _allocate_pointer(ctx, t, handle, flags, (as_int(count), as_int(size))))


@service("allocator", min_stack=0xB0, arguments=1)
def heap_quota_remaining(ctx, handle: Value):
    """HP-26."""
    yield from lock(ctx)
    quota = open_quota(ctx, handle)
    left = -Errno.EPERM if quota is None else remaining(ctx.kernel, quota)
    yield from unlock(ctx)
    return left


@service("allocator", arguments=0)
def heap_available(ctx) -> int:
    """HP-27: free bytes, without the quarantine."""
    return ctx.kernel.heap.free_bytes


@service("allocator", posture=Posture.DISABLED, arguments=0)
def heap_render(ctx) -> int:
    """HP-27: a diagnostic print, which this build has not."""
    return 0


@inline()
def heap_address_is_valid(ctx, pointer: Value) -> int:
    """HP-28."""
    return int(ctx.kernel.in_heap(as_cap(pointer)))


# ------------------------------------------------------------------------------------------- standard names


def default_quota(compartment: str) -> str:
    """HP-4: the name of a compartment's default quota, which `malloc`, `calloc` and `free` use."""
    return compartment + DEFAULT_SUFFIX


def _or_null(pointer: Value) -> Cap:
    return as_cap(pointer) if is_tagged(pointer) else NULL


def _with_default(ctx, name: str, *sizes: Value):
    sp, limit = ctx.sp, ctx.timeout(MALLOC_TICKS)
    made = yield from ctx.call(name, limit, ctx.imported(default_quota(ctx.compartment)), *sizes, WAIT_REVOCATION)
    ctx.sp = sp
    return _or_null(made)


@inline("heap_allocate")
def malloc(ctx, size: int):
    """HP-18: null on any failure."""
    return (yield from _with_default(ctx, "heap_allocate", size))


@inline("heap_allocate_array")
def calloc(ctx, count: int, size: int):
    """HP-18: null on any failure."""
    return (yield from _with_default(ctx, "heap_allocate_array", count, size))


@inline("heap_free")
def free(ctx, pointer: Value):
    """HP-18: `heap_free` with the default quota."""
    return (yield from ctx.call("heap_free", ctx.imported(default_quota(ctx.compartment)), pointer))
