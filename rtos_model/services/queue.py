"""Message queues, library form (MQ-1...MQ-17, MQ-31, MQ-33): unprotected memory in the caller's compartment.

A queue is a heap object {element size, count, producer word, consumer word, elements}. A word is a counter modulo
twice the count with three flags. For single-threaded use without a scenario see rtos_model.services.session.
"""

from rtos_model.machine.capability import Cap, Perm
from rtos_model.services import futex
from rtos_model.services.allocator import ALL_WAITS
from rtos_model.services.entries import library
from rtos_model.services.errors import Errno
from rtos_model.services.pointers import Value, as_cap, as_int, is_tagged

IMPORTS = {"queue": ("futex_timed_wait", "futex_wake", "heap_allocate", "heap_can_free", "heap_free")}

ELEMENT_SIZE, COUNT, PRODUCER, CONSUMER, ELEMENTS = 0, 4, 8, 12, 16
LOCKED, WAITERS, STOPPED = 1 << 31, 1 << 30, 1 << 29
COUNTER = STOPPED - 1
MOST_ELEMENTS = 0x0FFF_FFFF
ALWAYS_FIRES = 0xFFFF_FFFF
GRANULE = 8


# ------------------------------------------------------------------------------------------- state


def items(ctx, q: Value) -> int:
    """MQ-2."""
    difference = (ctx.load(q, PRODUCER) & COUNTER) - (ctx.load(q, CONSUMER) & COUNTER)
    return difference if difference >= 0 else difference + 2 * ctx.load(q, COUNT)


def word(q: Value, offset: int) -> Cap:
    """Pointer to exactly the producer or the consumer word."""
    cap = as_cap(q)
    return cap.with_address(cap.address + offset).with_bounds(4)


def set_word(ctx, q: Value, offset: int, *, clear: int = 0, put: int = 0) -> int:
    """One atomic update of a word; the value before."""
    old = ctx.load(q, offset)
    ctx.store(q, old & ~clear | put, offset)
    return old


def advance(ctx, q: Value, offset: int, by: int) -> None:
    """The counter wraps at 2M; the flags stay."""
    old = ctx.load(q, offset)
    ctx.store(q, old & ~COUNTER | ((old & COUNTER) + by) % (2 * ctx.load(q, COUNT)), offset)


# ------------------------------------------------------------------------------------------- endpoint lock


def acquire(ctx, t: Value, q: Value, offset: int):
    """MQ-5: True when the endpoint's lock is held."""
    while True:
        value = ctx.load(q, offset)
        if value & STOPPED:
            return False
        if not value & LOCKED:
            ctx.store(q, value | LOCKED, offset)
            return True
        ctx.store(q, value | WAITERS, offset)
        if (yield from futex.wait(ctx, t, word(q, offset), value | WAITERS)) != 0:
            return False


def unlock(ctx, q: Value, offset: int):
    """MQ-6."""
    old = set_word(ctx, q, offset, clear=LOCKED | WAITERS)
    if old & WAITERS:
        yield from futex.notify(ctx, word(q, offset))


# ------------------------------------------------------------------------------------------- transfer


def copy(ctx, target: Value, target_offset: int, source: Value, source_offset: int, size: int) -> None:
    """memcpy: whole granules as capabilities where both sides are aligned, the rest as bytes."""
    to, frm, done = as_cap(target), as_cap(source), 0
    while done < size:
        at = (to.address + target_offset + done, frm.address + source_offset + done)
        if size - done >= GRANULE and not any(address % GRANULE for address in at):
            ctx.store_cap(to, ctx.load_cap(frm, source_offset + done), target_offset + done)
            done += GRANULE
        else:
            ctx.store(to, ctx.load(frm, source_offset + done, 1), target_offset + done, 1)
            done += 1


def transfer(ctx, t: Value, q: Value, buffer: Value, n: int, *, sending: bool):
    """MQ-8...MQ-10: the number of elements moved, or a negative code."""
    mine, other = (PRODUCER, CONSUMER) if sending else (CONSUMER, PRODUCER)
    if not (yield from acquire(ctx, t, q, mine)):
        return -Errno.ETIMEDOUT
    state = {"done": 0, "wake": False, "code": 0}

    def body():
        size, count = ctx.load(q, ELEMENT_SIZE), ctx.load(q, COUNT)
        while state["done"] < n:
            while items(ctx, q) == (count if sending else 0):
                seen = ctx.load(q, other)
                if seen & STOPPED:
                    state["code"] = -Errno.ETIMEDOUT
                    return
                state["code"] = yield from futex.wait(ctx, t, word(q, other), seen)
                if state["code"]:
                    return
            have = items(ctx, q)
            index = (ctx.load(q, mine) & COUNTER) % count
            number = min(n - state["done"], count - have if sending else have, count - index)
            slot, place = ELEMENTS + index * size, state["done"] * size
            if sending:
                copy(ctx, q, slot, buffer, place, number * size)
            else:
                copy(ctx, buffer, place, q, slot, number * size)
            state["wake"] |= items(ctx, q) == (0 if sending else count)
            advance(ctx, q, mine, number)
            state["done"] += number

    def recover():
        state["code"], state["done"] = -Errno.EPERM, 0
        return
        yield

    yield from ctx.during(body, recover)
    yield from unlock(ctx, q, mine)
    if state["wake"]:
        yield from futex.notify(ctx, word(q, mine))
    return state["done"] if state["done"] else state["code"]


# ------------------------------------------------------------------------------------------- API


def allocation_size(size: int, count: int) -> int:
    """Bytes of a queue, or -EINVAL; 2**31 and more read as negative."""
    total = ELEMENTS + as_int(size) * as_int(count)
    if as_int(count) > MOST_ELEMENTS or total >= 1 << 32:
        return -Errno.EINVAL
    return total if total < 1 << 31 else total - (1 << 32)


@library("queue")
def queue_allocation_size(ctx, size: int, count: int) -> int:
    return allocation_size(size, count)


@library("queue")
def queue_create(ctx, t: Value, quota: Value, out: Value, size: int, count: int):
    total = allocation_size(size, count)
    if total < 0:
        return -Errno.EINVAL
    made = yield from ctx.call("heap_allocate", t, quota, total, ALL_WAITS)
    if not is_tagged(made):
        return -Errno.ENOMEM
    ctx.store(made, as_int(size), ELEMENT_SIZE)
    ctx.store(made, as_int(count), COUNT)
    ctx.store_cap(out, made)
    return 0


def single(result: int) -> int:
    return 0 if result == 1 else result


@library("queue")
def queue_send(ctx, t: Value, q: Value, source: Value):
    return single((yield from transfer(ctx, t, q, source, 1, sending=True)))


@library("queue")
def queue_receive(ctx, t: Value, q: Value, target: Value):
    return single((yield from transfer(ctx, t, q, target, 1, sending=False)))


@library("queue")
def queue_send_multiple(ctx, t: Value, q: Value, source: Value, n: int):
    return (yield from transfer(ctx, t, q, source, as_int(n), sending=True))


@library("queue")
def queue_receive_multiple(ctx, t: Value, q: Value, target: Value, n: int):
    return (yield from transfer(ctx, t, q, target, as_int(n), sending=False))


@library("queue")
def queue_items_remaining(ctx, q: Value, out: Value) -> int:
    ctx.store(out, items(ctx, q))
    return 0


def stop(ctx, q: Value):
    """MQ-15: both words, then both wakes, unconditionally."""
    for offset in (PRODUCER, CONSUMER):
        set_word(ctx, q, offset, put=STOPPED)
    for offset in (PRODUCER, CONSUMER):
        yield from futex.notify(ctx, word(q, offset))


@library("queue")
def queue_stop(ctx, q: Value):
    yield from stop(ctx, q)
    return 0


@library("queue")
def queue_destroy(ctx, quota: Value, q: Value):
    code = yield from ctx.call("heap_can_free", quota, q)
    if code:
        return code
    yield from stop(ctx, q)
    return (yield from ctx.call("heap_free", quota, q))


@library("queue")
def queue_reset(ctx, t: Value, q: Value):
    """Both locks, counters to 0, both wakes (DV-9); -ETIMEDOUT when a lock is not obtained."""
    if not (yield from acquire(ctx, t, q, PRODUCER)):
        return -Errno.ETIMEDOUT
    if not (yield from acquire(ctx, t, q, CONSUMER)):
        yield from unlock(ctx, q, PRODUCER)
        return -Errno.ETIMEDOUT
    for offset in (PRODUCER, CONSUMER):
        set_word(ctx, q, offset, clear=COUNTER | LOCKED | WAITERS)
    for offset in (PRODUCER, CONSUMER):
        yield from futex.notify(ctx, word(q, offset))
    return 0


def fill_source(ctx, source: Value, q: Value, *, sending: bool) -> None:
    """MQ-31: the multiwaiter source {pointer to the word, value to wait away from}."""
    offset = CONSUMER if sending else PRODUCER
    waits = items(ctx, q) == (ctx.load(q, COUNT) if sending else 0)
    ctx.store_cap(source, word(q, offset).with_permissions(Perm.GL | Perm.LD))
    ctx.store(source, ctx.load(q, offset) & COUNTER if waits else ALWAYS_FIRES, 8)


@library("queue")
def multiwaiter_queue_send_init(ctx, source: Value, q: Value) -> int:
    fill_source(ctx, source, q, sending=True)
    return 0


@library("queue")
def multiwaiter_queue_receive_init(ctx, source: Value, q: Value) -> int:
    fill_source(ctx, source, q, sending=False)
    return 0


@library("queue")
def queue_delete(ctx, quota: Value, q: Value):
    """The name of 2023 for queue_destroy (DV-37)."""
    return (yield from queue_destroy(ctx, quota, q))


@library("queue")
def queue_recv(ctx, t: Value, q: Value, target: Value):
    """The older name of queue_receive (DV-37)."""
    return (yield from queue_receive(ctx, t, q, target))
