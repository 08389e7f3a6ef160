"""Event groups (EG-1...EG-9): 24 bits that threads wait for; a library object on the caller's quota, unprotected.

Layout: {flag lock, bits, number of slots, slots}; thread n's slot is the n-th: {word it waits on, wanted bits with the
two flags above them}. A slot that wants nothing is disabled.
"""

from rtos_model.machine.capability import Cap
from rtos_model.services import flagword
from rtos_model.services.allocator import ALL_WAITS
from rtos_model.services.entries import library
from rtos_model.services.errors import Cause, Errno, Trap
from rtos_model.services.futex import notify, wait
from rtos_model.services.pointers import Value, as_cap, as_int, is_tagged
from rtos_model.services.timeout import WAIT_FOREVER

IMPORTS = {
    "event_group": (
        "futex_timed_wait",
        "futex_wake",
        "thread_count",
        "thread_id_get",
        "heap_allocate",
        "heap_free",
        "flaglock_trylock",
        "flaglock_unlock",
        "flaglock_upgrade_for_destruction",
    )
}

LOCK, BITS, COUNT, SLOTS = 0, 4, 8, 12
SLOT, SEEN, WANTED = 8, 0, 4
ALL, CLEAR = 1 << 24, 1 << 25
MASK = (1 << 24) - 1
FAILED_COUNT = 65_280
"""A 16-bit thread count from here on is a truncated failure code (DV-36)."""


def _word(group: Value, offset: int) -> Cap:
    cap = as_cap(group)
    return cap.with_address(cap.address + offset).with_bounds(4)


def _holds(bits: int, wanted: int, flags: int) -> bool:
    """EG-1."""
    return bits & wanted == wanted if flags & ALL else bits & wanted != 0


def _lock(ctx, t: Value, group: Value):
    return (yield from flagword.acquire(ctx, t, _word(group, LOCK), inherits=False)) == 0


def _unlock(ctx, group: Value):
    yield from flagword.release(ctx, _word(group, LOCK))


@library("event_group")
def eventgroup_create(ctx, t: Value, quota: Value, out: Value):
    """0, -ERANGE or -ENOMEM (then the untagged error is in `out`)."""
    threads = as_int((yield from ctx.call("thread_count"))) & 0xFFFF
    if threads >= FAILED_COUNT:
        return -Errno.ERANGE
    made = yield from ctx.call("heap_allocate", t, quota, SLOTS + SLOT * threads, ALL_WAITS)
    ctx.store_cap(out, as_cap(made))
    if not is_tagged(made):
        return -Errno.ENOMEM
    ctx.store(made, threads, COUNT)
    return 0


@library("event_group")
def eventgroup_wait(ctx, t: Value, group: Value, out: Value, wanted: int, wait_for_all: int, clear: int):
    """EG-1...EG-6: 0 with the bits seen, -ERANGE, -ETIMEDOUT, or what the futex refuses with (DV-11)."""
    wanted = as_int(wanted)
    if wanted & ~MASK:
        return -Errno.ERANGE
    if not (yield from _lock(ctx, t, group)):
        return -Errno.ETIMEDOUT
    flags = (ALL if as_int(wait_for_all) else 0) | (CLEAR if as_int(clear) else 0)
    bits = ctx.load(group, BITS)
    if _holds(bits, wanted, flags):
        if flags & CLEAR:
            ctx.store(group, bits & ~wanted, BITS)
        ctx.store(out, bits)
        yield from _unlock(ctx, group)
        return 0
    slot = SLOTS + SLOT * (ctx.tcb.id - 1)
    ctx.store(group, wanted | flags, slot + WANTED)
    ctx.store(group, bits, slot + SEEN)
    yield from _unlock(ctx, group)
    code = 0
    while code == 0 and ctx.load(group, slot + SEEN) == bits:
        code = yield from wait(ctx, t, _word(group, slot + SEEN), bits)
    if code:
        ctx.store(group, 0, slot + WANTED)
        if code == -Errno.ETIMEDOUT:
            ctx.store(out, ctx.load(group, BITS))
        return code
    ctx.store(out, ctx.load(group, slot + SEEN))
    return 0


@library("event_group")
def eventgroup_set(ctx, t: Value, group: Value, out: Value, bits: int):
    """EG-4: 0 with the bits after clearing, -ETIMEDOUT with the current ones.

    No rule refuses bits above 23 here (a wait for them is): they are kept and shown like the others, nobody can wait
    for them, and only `eventgroup_clear` takes them away.
    """
    if not (yield from _lock(ctx, t, group)):
        ctx.store(out, ctx.load(group, BITS))
        return -Errno.ETIMEDOUT
    bits, clearing = ctx.load(group, BITS) | as_int(bits), 0
    ctx.store(group, bits, BITS)
    for index in range(ctx.load(group, COUNT)):
        slot = SLOTS + SLOT * index
        wanted = ctx.load(group, slot + WANTED)
        if not _holds(bits, wanted & MASK, wanted):
            continue
        if wanted & CLEAR:
            clearing |= wanted & MASK & bits
        ctx.store(group, 0, slot + WANTED)
        ctx.store(group, bits, slot + SEEN)
        yield from notify(ctx, _word(group, slot + SEEN), 1)
    bits = ctx.load(group, BITS) & ~clearing
    ctx.store(group, bits, BITS)
    ctx.store(out, bits)
    yield from _unlock(ctx, group)
    return 0


@library("event_group")
def eventgroup_clear(ctx, t: Value, group: Value, out: Value, bits: int):
    """0 with the bits after clearing, -ETIMEDOUT with the current ones; wakes nobody."""
    if not (yield from _lock(ctx, t, group)):
        ctx.store(out, ctx.load(group, BITS))
        return -Errno.ETIMEDOUT
    left = ctx.load(group, BITS) & ~as_int(bits)
    ctx.store(group, left, BITS)
    ctx.store(out, left)
    yield from _unlock(ctx, group)
    return 0


@library("event_group")
def eventgroup_get(ctx, group: Value, out: Value) -> int:
    ctx.store(out, ctx.load(group, BITS))
    return 0


def _destroy(ctx, quota: Value, group: Value):
    """EG-7: the lock stays in destruction mode even if the free is refused."""
    yield from flagword.destroy(ctx, _word(group, LOCK))
    for index in range(ctx.load(group, COUNT)):
        slot = SLOTS + SLOT * index
        ctx.store(group, ctx.load(group, slot + WANTED) & MASK, slot + SEEN)
        ctx.store(group, 0, slot + WANTED)
        yield from notify(ctx, _word(group, slot + SEEN), 1)
    return (yield from ctx.call("heap_free", quota, group))


@library("event_group")
def eventgroup_destroy(ctx, quota: Value, group: Value):
    """With the lock, without limit; not getting it is an illegal instruction."""
    if not (yield from _lock(ctx, WAIT_FOREVER, group)):
        raise Trap(Cause.ILLEGAL_INSTRUCTION)
    return (yield from _destroy(ctx, quota, group))


@library("event_group")
def eventgroup_destroy_force(ctx, quota: Value, group: Value):
    """Without the lock."""
    return (yield from _destroy(ctx, quota, group))


# ------------------------------------------------------------------------------------------- names of 2023


@library("event_group")
def event_create(ctx, t: Value, quota: Value, out: Value):
    return (yield from eventgroup_create(ctx, t, quota, out))


@library("event_group")
def event_delete(ctx, quota: Value, group: Value):
    return (yield from eventgroup_destroy(ctx, quota, group))


@library("event_group")
def event_bits_wait(ctx, t: Value, group: Value, out: Value, wanted: int, clear: int, wait_for_all: int):
    """Note the order of the two flags."""
    return (yield from eventgroup_wait(ctx, t, group, out, wanted, wait_for_all, clear))


@library("event_group")
def event_bits_set(ctx, group: Value, out: Value, bits: int):
    return (yield from eventgroup_set(ctx, WAIT_FOREVER, group, out, bits))


@library("event_group")
def event_bits_clear(ctx, group: Value, out: Value, bits: int):
    """Gives the bits after clearing."""
    return (yield from eventgroup_clear(ctx, WAIT_FOREVER, group, out, bits))


@library("event_group")
def event_bits_get(ctx, group: Value, out: Value) -> int:
    return eventgroup_get(ctx, group, out)
