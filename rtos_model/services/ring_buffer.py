"""Ring buffers in the user's memory (RB-1...RB-7): headers compiled into the caller.

Layout: {producer, consumer, push lock (8 bytes), pop lock (8 bytes), elements}. What C++ has as template parameters is
passed as numbers: bytes of an element, number of slots (a power of two), kind of the lock (lock_classes).
"""

from rtos_model.machine.capability import Cap
from rtos_model.services import lock_classes
from rtos_model.services.entries import inline
from rtos_model.services.futex import notify, wait
from rtos_model.services.pointers import Value, as_cap, as_int
from rtos_model.services.queue import copy
from rtos_model.services.timeout import WAIT_FOREVER

PRODUCER, CONSUMER, PUSH_LOCK, POP_LOCK, ELEMENTS = 0, 4, 8, 16, 24
USES = ("futex_timed_wait", "futex_wake", *lock_classes.USES)
WORD = 0xFFFF_FFFF


def _part(ring: Value, offset: int, size: int = 4) -> Cap:
    cap = as_cap(ring)
    return cap.with_address(cap.address + offset).with_bounds(size)


def _move(ctx, ring: Value, buffer: Value, element: int, slots: int, kind: int, *, pushing: bool):
    """RB-3, RB-4."""
    mine, other = (PRODUCER, CONSUMER) if pushing else (CONSUMER, PRODUCER)
    room = slots if pushing else 0
    lock = lock_classes.lock_of(kind, _part(ring, PUSH_LOCK if pushing else POP_LOCK, 8))
    yield from lock.lock(ctx)
    stuck = ctx.load(ring, mine) - room & WORD
    while ctx.load(ring, other) == stuck:
        yield from wait(ctx, WAIT_FOREVER, _part(ring, other), stuck)
    slot = ELEMENTS + element * (ctx.load(ring, mine) % slots)
    if pushing:
        copy(ctx, ring, slot, buffer, 0, element)
    else:
        copy(ctx, buffer, 0, ring, slot, element)
    items = ctx.load(ring, PRODUCER) - ctx.load(ring, CONSUMER) & WORD
    ctx.store(ring, ctx.load(ring, mine) + 1 & WORD, mine)
    yield from lock.unlock(ctx)
    if items == (0 if pushing else slots):
        yield from notify(ctx, _part(ring, mine))


@inline(*USES)
def ring_buffer_push(ctx, ring: Value, source: Value, element: int, slots: int, kind: int):
    """Waits without limit while the ring is full."""
    yield from _move(ctx, ring, source, as_int(element), as_int(slots), kind, pushing=True)


@inline(*USES)
def ring_buffer_pop(ctx, ring: Value, target: Value, element: int, slots: int, kind: int):
    """Waits without limit while the ring is empty."""
    yield from _move(ctx, ring, target, as_int(element), as_int(slots), kind, pushing=False)
