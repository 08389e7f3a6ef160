"""Waiting for several futex words at once (MW-1...MW-8).

A multiwaiter is a dynamic sealed object of the scheduler's key: {busy u32, capacity u32}, then the source array.
Sources of a call are 16 bytes each: pointer at 0, value at 8.
"""

from rtos_model.machine.capability import Perm
from rtos_model.services import timeout, token
from rtos_model.services.entries import service
from rtos_model.services.errors import Errno
from rtos_model.services.image import Posture
from rtos_model.services.pointers import Value, as_cap, as_int, check_pointer

KEY = ("scheduler", "MultiWaiterKey")
IMPORTS = {"scheduler": ("token_sealed_unsealed_alloc", "token_obj_can_destroy", "token_obj_destroy")}
SOURCES = 8
HEADER = 8
SOURCE = 16
BUSY, CAPACITY = 0, 4


@service("scheduler", posture=Posture.DISABLED, min_stack=0x60, arguments=4)
def multiwaiter_create(ctx, t: Value, quota: Value, out: Value, count: int):
    """0, -EINVAL (too many sources), -ENOMEM (any failed allocation)."""
    count = as_int(count)
    if count > SOURCES:
        return -Errno.EINVAL
    key = ctx.kernel.multiwaiter_key()
    slot = ctx.local(8)
    handle = yield from ctx.call("token_sealed_unsealed_alloc", t, quota, key, HEADER + SOURCE * count, slot)
    body = ctx.load_cap(slot)
    if not body.tag:
        return -Errno.ENOMEM
    ctx.store(body, 0, BUSY)
    ctx.store(body, count, CAPACITY)
    ctx.store_cap(out, handle)
    return 0


@service("scheduler", posture=Posture.DISABLED, min_stack=0xC0, arguments=4)
def multiwaiter_wait(ctx, t: Value, handle: Value, events: Value, count: int):
    """0 with the fired sources' values 1, -ETIMEDOUT, -EINVAL, -EBUSY."""
    kernel, scheduler, me = ctx.kernel, ctx.kernel.scheduler, ctx.tcb
    count = as_int(count)
    body = token.unseal(kernel, kernel.multiwaiter_key(), handle, dynamic_only=True)
    if not body.tag or count > ctx.load(body, CAPACITY):
        return -Errno.EINVAL
    array = kernel.memory.filtered(as_cap(events))
    if not check_pointer(array, Perm.LD | Perm.SD | Perm.MC, SOURCE * count, ctx.stack.bounds()):
        return -Errno.EINVAL
    if not timeout.valid(ctx, t):
        return -Errno.EINVAL
    if ctx.load(body, BUSY):
        return -Errno.EBUSY
    sources = [ctx.load_cap(array, SOURCE * i) for i in range(count)]
    if not all(check_pointer(s, Perm.LD, 4, ctx.stack.bounds()) and s.address % 4 == 0 for s in sources):
        return -Errno.EINVAL
    fired = [ctx.load(s) != ctx.load(array, SOURCE * i + 8) for i, s in enumerate(sources)]
    if not any(fired) and timeout.may_block(ctx, t):
        ctx.store(body, 1, BUSY)
        before = scheduler.ticks
        deadline, text = timeout.deadline(ctx, t)
        me.multi_sources, me.multi_fired = tuple(s.address for s in sources), frozenset()
        me.multi_id = body.address
        scheduler.suspend(
            me,
            deadline,
            object_name=kernel.object_of(body.address),
            deadline_text=text,
            queue=scheduler.multi_queue,
        )
        yield from ctx.yield_()
        fired = [s.address in me.multi_fired for s in sources]
        deleted = me.multi_id == 0
        me.multi_sources, me.multi_fired, me.multi_id = (), frozenset(), 0
        timeout.elapse(ctx, t, scheduler.ticks - before)
        alive = kernel.memory.filtered(body).tag
        if alive:
            ctx.store(body, 0, BUSY)
        if deleted or not alive or not kernel.memory.filtered(array).tag:
            return -Errno.EINVAL
    for i, one in enumerate(fired):
        ctx.store(array, int(one), SOURCE * i + 8)
    return 0 if any(fired) else -Errno.ETIMEDOUT


@service("scheduler", posture=Posture.DISABLED, min_stack=0x90, arguments=2)
def multiwaiter_delete(ctx, quota: Value, handle: Value):
    """0, -EINVAL (not a multiwaiter), or what freeing it on this quota reports."""
    kernel, scheduler = ctx.kernel, ctx.kernel.scheduler
    key = kernel.multiwaiter_key()
    body = token.unseal(kernel, key, handle, dynamic_only=True)
    if not body.tag:
        return -Errno.EINVAL
    result = yield from ctx.call("token_obj_can_destroy", quota, key, handle)
    if result:
        return result
    for thread in list(scheduler.multi_queue):
        if thread.multi_id == body.address:
            thread.multi_id = 0
            scheduler.make_ready(thread, "delete")
    return (yield from ctx.call("token_obj_destroy", quota, key, handle))
