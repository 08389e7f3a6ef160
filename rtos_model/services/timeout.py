"""The timeout argument (TO-4...TO-12): a pointer to {elapsed, remaining} in ticks, or an absolute time, by its tag."""

from rtos_model.machine.capability import Cap, Perm
from rtos_model.services.pointers import Value, bits64, check_pointer, is_tagged
from rtos_model.services.scheduler import NEVER

WAIT_FOREVER = NEVER
NO_WAIT = 0
UNLIMITED = 0xFFFF_FFFF
SIZE = 8


def valid(ctx, t: Value) -> bool:
    """TO-6."""
    if not is_tagged(t):
        return True
    assert isinstance(t, Cap)
    return not ctx.kernel.in_heap(t) and check_pointer(t, Perm.LD | Perm.SD, SIZE)


def may_block(ctx, t: Value) -> bool:
    """TO-4, but untagged 0 (TimeoutNoWait) never blocks: at time 0 the comparison alone would let it."""
    if is_tagged(t):
        return ctx.load(t, 4) > 0
    return bits64(t) != NO_WAIT and not bits64(t) < ctx.kernel.clock.now


def elapse(ctx, t: Value, ticks: int) -> None:
    """TO-5."""
    if not is_tagged(t):
        return
    elapsed, remaining = ctx.load(t, 0), ctx.load(t, 4)
    ctx.store(t, min(elapsed + ticks, 0xFFFF_FFFF), 0)
    if remaining != UNLIMITED:
        ctx.store(t, max(remaining - ticks, 0), 4)


def deadline(ctx, t: Value) -> tuple[int, str]:
    """TO-7: the absolute deadline in cycles and its form in a BLOCK event."""
    if is_tagged(t):
        remaining = ctx.load(t, 4)
        if remaining == UNLIMITED:
            return NEVER, "none"
        return ctx.kernel.clock.now + remaining * ctx.kernel.image.cycles_per_tick, f"ticks:{remaining}"
    value = bits64(t)
    return (NEVER, "none") if value == WAIT_FOREVER else (value, "absolute")
