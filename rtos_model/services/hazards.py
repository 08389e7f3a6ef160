"""How heap objects end, and the hazard slots that put it off (HP-22, HP-32...HP-34, HP-41).

Every thread has two slots, which only the switcher and `heap_claim_ephemeral` write and only the allocator reads. The
word `allocator_epoch` is {thread u16, epoch u16}; the epoch is odd while the allocator looks through the slots.
"""

import contextlib

from rtos_model.machine.capability import NULL
from rtos_model.services import timeout
from rtos_model.services.entries import library
from rtos_model.services.errors import Errno
from rtos_model.services.futex import PRIORITY_INHERITANCE, wait
from rtos_model.services.heap import Chunk, HeapObject
from rtos_model.services.image import SharedImport, SharedObject
from rtos_model.services.loader import HAZARDS
from rtos_model.services.memory import GRANULE
from rtos_model.services.pointers import Value, as_cap
from rtos_model.services.switcher_helpers import hazard_slots

EPOCH = SharedObject(name="allocator_epoch", size=4)
SCANNING = 1 << 16
OBJECTS = {
    "allocator": (
        SharedImport(shared=HAZARDS, permissions="Rc"),
        SharedImport(shared=EPOCH.name, permissions="RW"),
    ),
    "compartment_helpers": (SharedImport(shared=EPOCH.name, permissions="R"),),
}
IMPORTS = {"compartment_helpers": ("futex_timed_wait", "switcher_thread_hazard_slots")}


# ------------------------------------------------------------------------------------------- in the allocator


@contextlib.contextmanager
def _scanning(ctx):
    """HP-32: meanwhile no thread can put anything into its slots."""
    word = ctx.imported(EPOCH.name)
    epoch = ctx.load(word) >> 16
    ctx.store(word, (epoch + 1) << 16 | ctx.tcb.id)
    yield
    ctx.store(word, (epoch + 2) << 16)


def _hazarded(ctx, found: HeapObject) -> bool:
    slots = ctx.imported(HAZARDS)
    for offset in range(0, slots.length, GRANULE):
        held = ctx.load_cap(slots, offset)
        base, top = held.bounds()
        if held.tag and not held.sealed and found.start <= base and top <= found.end:
            return True
    return False


def recheck(ctx, keep: HeapObject | None = None) -> None:
    """HP-22: let go of deferred objects that no slot holds any more; not of `keep`, which is being claimed."""
    if not ctx.kernel.heap.deferred:
        return
    with _scanning(ctx):
        for one in list(ctx.kernel.heap.deferred):
            if one is not keep and not _hazarded(ctx, one):
                _bury(ctx, one)


def end(ctx, found: HeapObject) -> bool:
    """HP-22: nobody owns or claims the object any more. False if a slot defers its death."""
    heap = ctx.kernel.heap
    recheck(ctx, keep=found)
    with _scanning(ctx):
        if _hazarded(ctx, found):
            heap.deferred.append(found)
            return False
        _bury(ctx, found)
    return True


def end_record(ctx, record: Chunk) -> None:
    """The record of a claim goes the same way as an object."""
    recheck(ctx)
    ctx.kernel.heap.retire(record, ctx.kernel.revoker.epoch)
    _tidy(ctx.kernel)


def _bury(ctx, found: HeapObject) -> None:
    heap = ctx.kernel.heap
    if found in heap.deferred:
        heap.deferred.remove(found)
    heap.destroy(found, ctx.kernel.revoker.epoch)
    _tidy(ctx.kernel)


def _tidy(kernel) -> None:
    """HP-22, HP-41: after something went to quarantine."""
    heap = kernel.heap
    heap.release(kernel.revoker.epoch, 3)
    if kernel.revoker.synchronous:
        needed = heap.quarantined_bytes > heap.free_bytes * 3 // 4
    else:
        needed = heap.quarantined_bytes > heap.free_bytes // 4 or heap.free_bytes < heap.total // 8
    if heap.quarantine and needed:
        kernel.revoker.kick()


# ------------------------------------------------------------------------------------------- ephemeral claims


@library("compartment_helpers")
def heap_claim_ephemeral(ctx, t: Value, first: Value, second: Value = 0):
    """HP-32, HP-33: 0, -ETIMEDOUT while the allocator looks, -EINVAL for a pointer that cannot be claimed."""
    kernel = ctx.kernel
    wanted = [one if kernel.in_heap(one) else NULL for one in (as_cap(first), as_cap(second))]
    slots = hazard_slots(ctx)
    word = kernel.loaded.import_of(ctx.unit, EPOCH.name)

    def put(*pointers) -> None:
        for index, one in enumerate(pointers):
            ctx.store_cap(slots, one, GRANULE * index)

    if wanted == [NULL, NULL]:
        put(NULL, NULL)
        return 0
    nap = None
    while (epoch := ctx.load(word)) & SCANNING:
        if not timeout.may_block(ctx, t):
            return -Errno.ETIMEDOUT
        nap = ctx.local(timeout.SIZE) if nap is None else nap
        ctx.store(nap, 0)
        ctx.store(nap, 1, 4)
        yield from wait(ctx, nap, word, epoch, PRIORITY_INHERITANCE)
        timeout.elapse(ctx, t, ctx.load(nap))
    put(*wanted)
    if all(one == NULL or (kernel.memory.filtered(one).tag and not one.sealed) for one in wanted):
        return 0
    put(NULL, NULL)
    return -Errno.EINVAL


@library("compartment_helpers")
def heap_claim_fast(ctx, t: Value, first: Value, second: Value = 0):
    """The older name of `heap_claim_ephemeral`."""
    return (yield from heap_claim_ephemeral(ctx, t, first, second))
