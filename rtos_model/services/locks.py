"""Flag locks, recursive mutex and ticket lock (LK-1...LK-13): library code on words that the caller can write.

They give mutual exclusion between threads that trust each other with the word, no protection (LK-30). The protocol of
a flag lock's word is in flagword.py. Layouts: flag lock {word}; recursive mutex {flag lock, depth u16}; ticket lock
{current, next}.
"""

from rtos_model.services import flagword
from rtos_model.services.entries import library
from rtos_model.services.errors import Errno
from rtos_model.services.futex import notify, wait
from rtos_model.services.pointers import Value
from rtos_model.services.timeout import WAIT_FOREVER

IMPORTS = {"locks": ("futex_timed_wait", "futex_wake")}

DEPTH, DEEPEST = 4, 0xFFFF
CURRENT, NEXT = 0, 4
WORD = 0xFFFF_FFFF


# ------------------------------------------------------------------------------------------- flag lock


@library("locks")
def flaglock_trylock(ctx, t: Value, lock: Value):
    return (yield from flagword.acquire(ctx, t, lock, inherits=False))


@library("locks")
def flaglock_priority_inheriting_trylock(ctx, t: Value, lock: Value):
    return (yield from flagword.acquire(ctx, t, lock, inherits=True))


@library("locks")
def flaglock_lock(ctx, lock: Value):
    """Unlimited; the result is dropped, so a refusal cannot be told from success."""
    yield from flagword.acquire(ctx, WAIT_FOREVER, lock, inherits=False)


@library("locks")
def flaglock_priority_inheriting_lock(ctx, lock: Value):
    """Unlimited; the result is dropped."""
    yield from flagword.acquire(ctx, WAIT_FOREVER, lock, inherits=True)


@library("locks")
def flaglock_unlock(ctx, lock: Value):
    """LK-2, both variants; the owner is not checked."""
    yield from flagword.release(ctx, lock)


@library("locks")
def flaglock_upgrade_for_destruction(ctx, lock: Value):
    """LK-4."""
    yield from flagword.destroy(ctx, lock)


@library("locks")
def flaglock_priority_inheriting_get_owner_thread_id(ctx, lock: Value) -> int:
    return ctx.load(lock) & flagword.OWNER


# ------------------------------------------------------------------------------------------- recursive mutex


@library("locks")
def recursivemutex_trylock(ctx, t: Value, mutex: Value):
    """LK-9: 0, -EOVERFLOW, and -ETIMEDOUT for every other failure (DV-40)."""
    if ctx.load(mutex) & flagword.OWNER == ctx.tcb.id:
        depth = ctx.load(mutex, DEPTH, 2)
        if depth == DEEPEST:
            return -Errno.EOVERFLOW
        ctx.store(mutex, depth + 1, DEPTH, 2)
        return 0
    if (yield from flagword.acquire(ctx, t, mutex, inherits=True)):
        return -Errno.ETIMEDOUT
    ctx.store(mutex, 1, DEPTH, 2)
    return 0


@library("locks")
def recursivemutex_unlock(ctx, mutex: Value):
    """LK-10: neither ownership nor underflow is checked."""
    depth = (ctx.load(mutex, DEPTH, 2) - 1) & DEEPEST
    ctx.store(mutex, depth, DEPTH, 2)
    if depth == 0:
        yield from flagword.release(ctx, mutex)
    return 0


# ------------------------------------------------------------------------------------------- ticket lock


@library("locks")
def ticketlock_lock(ctx, lock: Value):
    """LK-12: arrival order, no limit."""
    ticket = ctx.load(lock, NEXT)
    ctx.store(lock, ticket + 1 & WORD, NEXT)
    while (current := ctx.load(lock, CURRENT)) != ticket:
        yield from wait(ctx, WAIT_FOREVER, lock, current)


@library("locks")
def ticketlock_unlock(ctx, lock: Value):
    """LK-13: no wake when nobody else has taken a ticket (DV-13)."""
    current = ctx.load(lock, CURRENT) + 1 & WORD
    ctx.store(lock, current, CURRENT)
    if ctx.load(lock, NEXT) != current:
        yield from notify(ctx, lock)
