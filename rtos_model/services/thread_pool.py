"""Worker threads that run other compartments' callbacks (TP-1...TP-7): the compartment `thread_pool`.

A worker is a thread declared with the entry `thread_pool.thread_pool_run`. The last three functions are what C++ makes
of a lambda with captures: an object sealed with the submitter's key, on the submitter's default quota.
"""

from rtos_model.machine.capability import Cap, Perm
from rtos_model.services.allocator import default_quota
from rtos_model.services.entries import inline, service
from rtos_model.services.errors import Cause, Errno, Trap
from rtos_model.services.image import Word
from rtos_model.services.loader import OTYPE_EXPORT
from rtos_model.services.lock_classes import FLAG_LOCK, TICKET_LOCK
from rtos_model.services.pointers import Value, as_cap, as_int
from rtos_model.services.queue import copy
from rtos_model.services.ring_buffer import ELEMENTS, USES, ring_buffer_pop, ring_buffer_push
from rtos_model.services.timeout import WAIT_FOREVER

PENDING, MESSAGE = 16, 16
GLOBALS = {"thread_pool": (Word(name="requests", size=ELEMENTS + PENDING * MESSAGE),)}
IMPORTS = {"thread_pool": USES}
AMBIENT = frozenset({"thread_pool_async_object", "thread_pool_object_done"})


def acceptable(ctx, callback: Value, data: Value) -> bool:
    """A callback is a global export entry; data is untagged, or sealed and global."""
    function, state = (ctx.kernel.memory.filtered(as_cap(one)) for one in (callback, data))
    if not function.tag or function.otype != OTYPE_EXPORT or not function.permissions & Perm.GL:
        return False
    return not state.tag or (state.sealed and bool(state.permissions & Perm.GL))


@service("thread_pool", arguments=2)
def thread_pool_async(ctx, callback: Value, data: Value = 0):
    """0 once the request is queued, -EINVAL; waits without limit while 16 requests are pending."""
    if not acceptable(ctx, callback, data):
        return -Errno.EINVAL
    message = ctx.local(MESSAGE)
    ctx.store_cap(message, as_cap(callback))
    ctx.store_cap(message, as_cap(data), 8)
    yield from ring_buffer_push(ctx, ctx.word("requests"), message, MESSAGE, PENDING, TICKET_LOCK)
    return 0


@service("thread_pool", arguments=0)
def thread_pool_run(ctx):
    """TP-2, TP-3: thread entry; never returns."""
    message = ctx.local(MESSAGE)
    while True:
        yield from ring_buffer_pop(ctx, ctx.word("requests"), message, MESSAGE, PENDING, FLAG_LOCK)
        yield from ctx.invoke(ctx.load_cap(message), ctx.load_cap(message, 8))


# ------------------------------------------------------------------------------------------- lambdas (TP-5)


@inline("token_key_new", "token_sealed_unsealed_alloc", "thread_pool_async")
def thread_pool_async_object(ctx, key_place: Value, callback: Value, captured: Value, size: int):
    """Submit a callback with a sealed copy of `captured`; the type's key is made at first use and kept in a global."""
    key = ctx.load_cap(key_place)
    if not key.tag:
        key = as_cap((yield from ctx.call("token_key_new")))
        ctx.store_cap(key_place, key)
    slot, owner = ctx.local(8), ctx.imported(default_quota(ctx.compartment))
    handle = yield from ctx.call("token_sealed_unsealed_alloc", WAIT_FOREVER, owner, key, size, slot)
    body = ctx.load_cap(slot)
    if not body.tag:
        raise Trap(Cause.ILLEGAL_INSTRUCTION)
    copy(ctx, body, 0, captured, 0, as_int(size))
    return (yield from ctx.call("thread_pool_async", callback, handle))


@inline("token_obj_unseal")
def thread_pool_object(ctx, key_place: Value, handle: Value) -> Cap:
    """In the callback: the captured object."""
    return (yield from ctx.call("token_obj_unseal", ctx.load_cap(key_place), handle))


@inline("token_obj_destroy")
def thread_pool_object_done(ctx, key_place: Value, handle: Value):
    """At the callback's end: free the object on the quota that paid for it."""
    owner = ctx.imported(default_quota(ctx.compartment))
    return (yield from ctx.call("token_obj_destroy", owner, ctx.load_cap(key_place), handle))
