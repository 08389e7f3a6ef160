"""The allocator's one lock, with priority inheritance, and the word its sleepers wait on (HP-16, LK-1)."""

from rtos_model.services import timeout
from rtos_model.services.flagword import acquire, release
from rtos_model.services.futex import notify, wait
from rtos_model.services.image import Word
from rtos_model.services.pointers import Value, is_tagged

NOBODY = 0xFFFF_FFFF
GLOBALS = {"allocator": (Word(name="lock"), Word(name="free_bytes", init=NOBODY.to_bytes(4, "little")))}
IMPORTS = {"allocator": ("futex_timed_wait", "futex_wake")}


def probe(ctx, t: Value) -> None:
    """Touch a valid time limit before the lock is taken, so that a misaligned one traps with nothing held (DV-44)."""
    if is_tagged(t):
        ctx.load(t)


def lock(ctx, t: Value = timeout.WAIT_FOREVER):
    """True when the lock is held; the API's first lock never gives up."""
    return (yield from acquire(ctx, t, ctx.word("lock"), inherits=True)) == 0


def unlock(ctx):
    yield from release(ctx, ctx.word("lock"))


def sleep_until_free(ctx, t: Value):
    """HP-16: drop the lock and sleep until something is freed, a tick at a time while frees are deferred.

    True when the lock is held again.
    """
    heap, word, sp = ctx.kernel.heap, ctx.word("free_bytes"), ctx.sp
    expected = heap.free_bytes
    ctx.store(word, expected)
    nap = ctx.timeout(1) if heap.deferred else None
    yield from unlock(ctx)
    yield from wait(ctx, t if nap is None else nap, word, expected)
    if nap is not None:
        timeout.elapse(ctx, t, ctx.load(nap))
    ctx.sp = sp
    return (yield from lock(ctx, t))


def wake_sleepers(ctx):
    """HP-16: after a release, all who sleep for memory try again; the caller still holds the lock."""
    word = ctx.word("free_bytes")
    if ctx.load(word) != NOBODY:
        ctx.store(word, NOBODY)
        yield from notify(ctx, word)
