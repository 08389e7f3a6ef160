"""The protocol of a flag lock's word (LK-1, LK-2, LK-4), for library locks and the allocator.

Bit 16 = locked, bit 17 = locked with waiters, bit 18 = destruction mode; the low half is the owner's thread number for
a lock with priority inheritance, else 0.
"""

from rtos_model.services import timeout
from rtos_model.services.errors import Errno
from rtos_model.services.futex import PRIORITY_INHERITANCE, notify, wait
from rtos_model.services.pointers import Value

LOCKED, WAITERS, DESTRUCTION = 1 << 16, 1 << 17, 1 << 18
OWNER = 0xFFFF


def acquire(ctx, t: Value, word: Value, *, inherits: bool):
    """LK-1: 0, -ENOENT, -ETIMEDOUT, or what the futex refuses with."""
    owner, flags = (ctx.tcb.id, PRIORITY_INHERITANCE) if inherits else (0, 0)
    while True:
        value = ctx.load(word)
        if value == 0:
            ctx.store(word, LOCKED | owner)
            return 0
        if value & DESTRUCTION:
            return -Errno.ENOENT
        if not timeout.may_block(ctx, t):
            return -Errno.ETIMEDOUT
        if not value & WAITERS:
            value = WAITERS | value & OWNER
            ctx.store(word, value)
        code = yield from wait(ctx, t, word, value, flags)
        if code:
            return code


def release(ctx, word: Value):
    """LK-2: all waiters are woken and try again; the destruction bit stays."""
    value = ctx.load(word)
    ctx.store(word, value & DESTRUCTION)
    if value & WAITERS:
        yield from notify(ctx, word)


def destroy(ctx, word: Value):
    """LK-4: whoever waits is woken and sees the bit, which stays for ever."""
    value = ctx.load(word)
    ctx.store(word, value | DESTRUCTION)
    if value & WAITERS:
        yield from notify(ctx, word)
