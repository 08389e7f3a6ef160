"""Software timers (TM-1...TM-6): the compartment `timer_service`, one thread, bounded numbers of timers and messages.

The service's thread is declared with the entry `timer_service.timer_service_run`. A timer is a sealed object on its
maker's quota: {callback, data, deadline u64 in cycles, period in ticks, pad}. `armed` holds the armed timers in
(deadline, arming order). The list changes only with interrupts disabled, and a due callback is called without letting
interrupts in between choice and call, so a timer that has been destroyed cannot start any more (TM-6: firmware must
disable interrupts from looking at the list until the switcher has taken the call).

The quota is charged 64 bytes: a payload of 48 (five fields and reserve), 8 for the seal's header, 8 for the heap's.
"""

from rtos_model.machine.capability import NULL, Cap
from rtos_model.services import queue, token
from rtos_model.services.entries import service
from rtos_model.services.errors import Errno
from rtos_model.services.image import Word
from rtos_model.services.pointers import Value, as_cap, as_int
from rtos_model.services.scheduler import NEVER
from rtos_model.services.thread_pool import acceptable
from rtos_model.services.timeout import NO_WAIT, UNLIMITED, WAIT_FOREVER

KEY = ("timer_service", "TimerKey")
START_STOP, DESTROY = 1, 4
TIMERS, MESSAGES = 32, 16
BODY, CALLBACK, DATA, DEADLINE, PERIOD = 48, 0, 8, 16, 24
MESSAGE, TIMER, OPERATION, DELAY, NEW_PERIOD = 24, 0, 8, 12, 16
STOP, START = 0, 1
CONTROL = MESSAGE.to_bytes(4, "little") + MESSAGES.to_bytes(4, "little")
GLOBALS = {
    "timer_service": (
        Word(name="control", size=queue.ELEMENTS + MESSAGE * MESSAGES, init=CONTROL),
        Word(name="armed", size=8 * TIMERS),
        Word(name="armed_count"),
        Word(name="existing"),
    )
}
IMPORTS = {
    "timer_service": (
        "futex_timed_wait",
        "futex_wake",
        "queue_send",
        "queue_receive",
        "token_sealed_unsealed_alloc",
        "token_obj_unseal_dynamic",
        "token_obj_can_destroy",
        "token_obj_destroy",
    )
}
HANDLERS = {"timer_service": ("scoped",)}


# ------------------------------------------------------------------------------------------- the list


def _armed(ctx) -> list[Cap]:
    return [ctx.load_cap(ctx.word("armed"), 8 * i) for i in range(ctx.load(ctx.word("armed_count")))]


def _set_armed(ctx, timers: list[Cap]) -> None:
    for index in range(TIMERS):
        ctx.store_cap(ctx.word("armed"), timers[index] if index < len(timers) else NULL, 8 * index)
    ctx.store(ctx.word("armed_count"), len(timers))


def _deadline(ctx, timer: Value) -> int:
    return ctx.load(timer, DEADLINE) | ctx.load(timer, DEADLINE + 4) << 32


def _disarm(ctx, timer: Value) -> None:
    _set_armed(ctx, [one for one in _armed(ctx) if one.address != as_cap(timer).address])


def _arm(ctx, timer: Value, deadline: int) -> None:
    """TM-3: behind those that are due no later."""
    _disarm(ctx, timer)
    ctx.store(timer, deadline & 0xFFFF_FFFF, DEADLINE)
    ctx.store(timer, deadline >> 32, DEADLINE + 4)
    timers = _armed(ctx)
    timers.insert(sum(_deadline(ctx, one) <= deadline for one in timers), as_cap(timer))
    _set_armed(ctx, timers)


# ------------------------------------------------------------------------------------------- API


def _key(ctx) -> Cap:
    return ctx.kernel.loaded.keys[KEY]


def _open(ctx, handle: Value, permission: int):
    """The timer, or the code: permission first, then the type (TK-20)."""
    if not token.permissions_of(handle) & permission:
        return -Errno.EPERM
    body = token.unseal(ctx.kernel, _key(ctx), handle, dynamic_only=True)
    return body if body.tag else -Errno.EINVAL


def _count(ctx, change: int) -> None:
    ctx.store(ctx.word("existing"), ctx.load(ctx.word("existing")) + change)


@service("timer_service", arguments=5)
def timer_create(ctx, t: Value, quota: Value, out: Value, callback: Value, data: Value):
    """0 with the handle of a disarmed timer through `out`, -EINVAL, -ENOMEM."""
    if not acceptable(ctx, callback, data):
        return -Errno.EINVAL
    if ctx.load(ctx.word("existing")) == TIMERS:
        return -Errno.ENOMEM
    _count(ctx, +1)
    slot = ctx.local(8)
    handle = yield from ctx.call("token_sealed_unsealed_alloc", t, quota, _key(ctx), BODY, slot)
    body = ctx.load_cap(slot)
    if not body.tag:
        _count(ctx, -1)
        return -Errno.ENOMEM
    ctx.store_cap(body, as_cap(callback), CALLBACK)
    ctx.store_cap(body, as_cap(data), DATA)
    ctx.store_cap(out, handle)
    return 0


def _post(ctx, t: Value, timer: Value, operation: int, delay: int, period: int):
    message = ctx.local(MESSAGE)
    ctx.store_cap(message, as_cap(timer), TIMER)
    for offset, value in ((OPERATION, operation), (DELAY, delay), (NEW_PERIOD, period)):
        ctx.store(message, value, offset)
    return queue.single((yield from queue.transfer(ctx, t, ctx.word("control"), message, 1, sending=True)))


@service("timer_service", arguments=4)
def timer_start(ctx, t: Value, handle: Value, delay: int, period: int):
    """Asks the service to arm the timer, also if it is armed: 0, -EPERM, -EINVAL, -ETIMEDOUT. Times are in ticks."""
    timer = _open(ctx, handle, START_STOP)
    if isinstance(timer, int):
        return timer
    if UNLIMITED in (as_int(delay), as_int(period)):
        return -Errno.EINVAL
    return (yield from _post(ctx, t, timer, START, as_int(delay), as_int(period)))


@service("timer_service", arguments=2)
def timer_stop(ctx, t: Value, handle: Value):
    """0 also if it is disarmed."""
    timer = _open(ctx, handle, START_STOP)
    if isinstance(timer, int):
        return timer
    return (yield from _post(ctx, t, timer, STOP, 0, 0))


@service("timer_service", arguments=3)
def timer_destroy(ctx, t: Value, quota: Value, handle: Value):
    """0, -EPERM (permission, quota), -EINVAL. Messages about the timer that are still queued lose their object."""
    timer = _open(ctx, handle, DESTROY)
    if isinstance(timer, int):
        return timer
    if (yield from ctx.call("token_obj_can_destroy", quota, _key(ctx), handle)):
        return -Errno.EPERM
    _disarm(ctx, timer)
    code = yield from ctx.call("token_obj_destroy", quota, _key(ctx), handle)
    if code == 0:
        _count(ctx, -1)
    return code


# ------------------------------------------------------------------------------------------- the thread


def _limit(ctx) -> int | None:
    """TM-1: ticks to the first deadline, rounded up; None without one."""
    timers = _armed(ctx)
    if not timers:
        return None
    cycles = ctx.kernel.image.cycles_per_tick
    return -(-max(_deadline(ctx, timers[0]) - ctx.kernel.clock.now, 0) // cycles)


def _apply(ctx, message: Value) -> None:
    """TM-5; a message about a timer that is gone means nothing."""
    timer = ctx.load_cap(message, TIMER)
    if not timer.tag:
        return
    if ctx.load(message, OPERATION) == STOP:
        _disarm(ctx, timer)
        return
    ctx.store(timer, ctx.load(message, NEW_PERIOD), PERIOD)
    _arm(ctx, timer, ctx.kernel.clock.now + ctx.load(message, DELAY) * ctx.kernel.image.cycles_per_tick)


def _fire(ctx):
    """TM-1: the first timer, if it is due."""
    timer = next(iter(_armed(ctx)), NULL)
    deadline = _deadline(ctx, timer) if timer.tag else NEVER
    if deadline > ctx.kernel.clock.now:
        return
    period = ctx.load(timer, PERIOD)
    if period:
        _arm(ctx, timer, deadline + period * ctx.kernel.image.cycles_per_tick)
    else:
        _disarm(ctx, timer)
    yield from ctx.invoke(ctx.load_cap(timer, CALLBACK), ctx.load_cap(timer, DATA))


@service("timer_service", arguments=0)
def timer_service_run(ctx):
    """TM-1: thread entry; never returns. One message or one callback a turn (TM-2)."""
    message = ctx.local(MESSAGE)
    while True:
        sp, ticks = ctx.sp, _limit(ctx)
        limit: Value = WAIT_FOREVER if ticks is None else ctx.timeout(ticks) if ticks else NO_WAIT
        code = yield from queue.transfer(ctx, limit, ctx.word("control"), message, 1, sending=False)
        ctx.sp = sp
        if code > 0:
            _apply(ctx, message)
        else:
            yield from ctx.interrupts_disabled(_fire(ctx))
