"""Waiting for the revoker, and flushing the quarantine (HP-42, HP-45)."""

from rtos_model.services import timeout
from rtos_model.services.entries import inline, service
from rtos_model.services.errors import Errno
from rtos_model.services.futex import wait
from rtos_model.services.heap_lock import lock, probe, unlock
from rtos_model.services.image import REVOKER_INTERRUPT as NUMBER
from rtos_model.services.image import DeviceImport, RevokerKind, SealedImport, Word, interrupt_right
from rtos_model.services.pointers import Value
from rtos_model.services.revoker import ENABLE, GO

RIGHT = interrupt_right("allocator.revoker", NUMBER, may_complete=False)
GLOBALS = {"allocator": (Word(name="revoker_word", size=8),)}
IMPORTS = {"allocator": ("interrupt_futex_get", "futex_timed_wait", "thread_sleep")}
HARDWARE = (DeviceImport(device="revoker", permissions="RW"),)
INTERRUPT = (SealedImport(sealed=RIGHT.name),)


def wait_for_epoch(ctx, t: Value, epoch: int):
    """HP-42: called with the lock held; True when a whole sweep has gone by since `epoch` and the lock is held again.

    False when `t` ran out first; then the lock is not held.
    """
    if ctx.kernel.image.revoker is RevokerKind.INTERRUPT:
        yield from unlock(ctx)
        done = yield from _await_interrupt(ctx, t, epoch)
        return done and (yield from lock(ctx, t))
    return (yield from _poll(ctx, t, epoch))


def _await_interrupt(ctx, t: Value, epoch: int):
    revoker, device = ctx.kernel.revoker, ctx.imported("revoker")
    word = ctx.load_cap(ctx.word("revoker_word"))
    if not word.tag:
        word = yield from ctx.call("interrupt_futex_get", ctx.imported(RIGHT.name))
        ctx.store_cap(ctx.word("revoker_word"), word)
    while True:
        seen = ctx.load(word)
        ctx.store(device, 1, ENABLE)
        if revoker.finished(epoch):
            return True
        ctx.store(device, 1, GO)
        if (yield from wait(ctx, t, word, seen)):
            return False


def _poll(ctx, t: Value, epoch: int):
    """A nap of a tick at a time; the device sweeps meanwhile, even when the nap ends early."""
    revoker, sp = ctx.kernel.revoker, ctx.sp
    nap = ctx.local(timeout.SIZE)
    held = True
    while held and not revoker.finished(epoch):
        if not revoker.running:
            revoker.kick()
        yield from unlock(ctx)
        held = False
        if timeout.may_block(ctx, t):
            ctx.store(nap, 0)
            ctx.store(nap, 1, 4)
            yield from ctx.call("thread_sleep", nap, 0)
            revoker.finish()
            timeout.elapse(ctx, t, ctx.load(nap))
            held = yield from lock(ctx, t)
    ctx.sp = sp
    return held


@service("allocator", min_stack=0xE0, arguments=1)
def heap_quarantine_flush(ctx, t: Value):
    """HP-45: 0, -EINVAL for a bad time limit, -ETIMEDOUT. With an empty quarantine nothing is swept."""
    if not timeout.valid(ctx, t):
        return -Errno.EINVAL
    probe(ctx, t)
    if not (yield from lock(ctx, t)):
        return -Errno.ETIMEDOUT
    heap, revoker = ctx.kernel.heap, ctx.kernel.revoker
    epoch = revoker.epoch + revoker.epoch % 2
    heap.release(revoker.epoch)
    if heap.quarantine:
        if not (yield from wait_for_epoch(ctx, t, epoch)):
            return -Errno.ETIMEDOUT
        heap.release(revoker.epoch)
    yield from unlock(ctx)
    return 0


@inline("heap_quarantine_flush")
def heap_quarantine_empty(ctx):
    """HP-45: flush without limit."""
    return (yield from ctx.call("heap_quarantine_flush", timeout.WAIT_FOREVER))
