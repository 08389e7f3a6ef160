"""Semaphore, barrier, condition variable, run-once (LK-14...LK-21): library code on words that the caller can write.

Layouts: semaphore {count, maximum}, the top bit of count saying that somebody may wait; the others are one word:
arrivals that a barrier still needs, a condition's sequence number, the state of run-once.
"""

from rtos_model.services.code_pointers import call_pointer
from rtos_model.services.entries import library
from rtos_model.services.errors import Errno
from rtos_model.services.futex import notify, wait
from rtos_model.services.pointers import Value, as_int
from rtos_model.services.timeout import WAIT_FOREVER

IMPORTS = {"locks": ("futex_timed_wait", "futex_wake")}

MAXIMUM = 4
WAITERS = 1 << 31
RUNNING, RAN = 1, 2
WORD = 0xFFFF_FFFF


@library("locks")
def semaphore_get(ctx, t: Value, semaphore: Value):
    """LK-15: 0 or what the futex refuses with; the waiters bit outlives a time-out."""
    while True:
        count = ctx.load(semaphore)
        if count & ~WAITERS:
            ctx.store(semaphore, count - 1)
            return 0
        ctx.store(semaphore, WAITERS)
        code = yield from wait(ctx, t, semaphore, WAITERS)
        if code:
            return code


@library("locks")
def semaphore_put(ctx, semaphore: Value):
    """LK-16: 0, or -EINVAL at the maximum."""
    count = ctx.load(semaphore)
    value = count & ~WAITERS
    if value == ctx.load(semaphore, MAXIMUM):
        return -Errno.EINVAL
    ctx.store(semaphore, value + 1)
    if count & WAITERS:
        yield from notify(ctx, semaphore)
    return 0


@library("locks")
def barrier_timed_wait(ctx, t: Value, barrier: Value):
    """LK-18: 0 for the last to arrive, 1 for who waited, else the futex's code (DV-12)."""
    remaining = ctx.load(barrier) - 1 & WORD
    ctx.store(barrier, remaining)
    if remaining == 0:
        yield from notify(ctx, barrier)
        return 0
    while remaining:
        code = yield from wait(ctx, t, barrier, remaining)
        if code:
            return code
        remaining = ctx.load(barrier)
    return 1


@library("locks")
def condition_variable_notify(ctx, condition: Value, count: int):
    """LK-19: the number of threads woken (DV-30)."""
    ctx.store(condition, ctx.load(condition) + 1 & WORD)
    return (yield from notify(ctx, condition, as_int(count)))


@library("locks")
def condition_variable_wait(ctx, t: Value, condition: Value, mutex: Value, lock: Value, unlock: Value):
    """LK-20: `lock(t, mutex)` and `unlock(mutex)` are function pointers; an error leaves the mutex unlocked."""
    seen = ctx.load(condition)
    code = (yield from call_pointer(ctx, unlock, mutex)) or 0
    if code:
        return code
    code = yield from wait(ctx, t, condition, seen)
    if code:
        return code
    return (yield from call_pointer(ctx, lock, t, mutex)) or 0


@library("locks")
def run_once(ctx, state: Value, function: Value):
    """LK-21: `function` runs in the first caller's call; always 0."""
    if ctx.load(state) == 0:
        ctx.store(state, RUNNING)
        yield from call_pointer(ctx, function)
        ctx.store(state, RAN)
        yield from notify(ctx, state)
    while ctx.load(state) == RUNNING:
        yield from wait(ctx, WAIT_FOREVER, state, RUNNING)
    return 0
