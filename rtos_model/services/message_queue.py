"""Message queues behind sealed handles (MQ-18...MQ-22, MQ-30, MQ-32): the compartment `message_queue`.

Every call opens the handle it is given and does what the library does; the compartment has no globals and no quota.
Permission bits of a handle: send, receive, destroy.
"""

from rtos_model.services import queue, timeout, token
from rtos_model.services.entries import inline, service
from rtos_model.services.errors import Errno
from rtos_model.services.pointers import Value, as_cap, as_int

KEY = ("message_queue", "MessageQueueKey")
SEND, RECEIVE, DESTROY = 1, 2, 4
IMPORTS = {
    "message_queue": (
        "futex_timed_wait",
        "futex_wake",
        "token_sealed_unsealed_alloc",
        "token_obj_unseal_dynamic",
        "token_obj_can_destroy",
        "token_obj_destroy",
        "queue_send",
        "queue_send_multiple",
        "queue_receive",
        "queue_receive_multiple",
        "queue_items_remaining",
        "queue_stop",
        "multiwaiter_queue_send_init",
        "multiwaiter_queue_receive_init",
    )
}
HANDLERS = {"message_queue": ("scoped",)}


def _key(ctx):
    return ctx.kernel.loaded.keys[KEY]


def _open(ctx, handle: Value, permissions: int):
    """The queue, or the code: any one of the permissions first, then the type (MQ-18, TK-20)."""
    if not token.permissions_of(handle) & permissions:
        return -Errno.EPERM
    body = token.unseal(ctx.kernel, _key(ctx), handle, dynamic_only=True)
    return body if body.tag else -Errno.EINVAL


@service("message_queue", arguments=5)
def queue_create_sealed(ctx, t: Value, quota: Value, out: Value, size: int, count: int):
    """0 with a handle of all permissions through `out`, -EINVAL (size), -ENOMEM."""
    total = queue.allocation_size(size, count)
    if total < 0:
        return -Errno.EINVAL
    slot = ctx.local(8)
    handle = yield from ctx.call("token_sealed_unsealed_alloc", t, quota, _key(ctx), total, slot)
    body = ctx.load_cap(slot)
    if not body.tag:
        return -Errno.ENOMEM
    ctx.store(body, as_int(size), queue.ELEMENT_SIZE)
    ctx.store(body, as_int(count), queue.COUNT)
    ctx.store_cap(out, handle)
    return 0


def _transfer(ctx, t: Value, handle: Value, buffer: Value, n: int, *, sending: bool):
    if not timeout.valid(ctx, t):
        return -Errno.EINVAL
    body = _open(ctx, handle, SEND if sending else RECEIVE)
    if isinstance(body, int):
        return body
    return (yield from queue.transfer(ctx, t, body, buffer, n, sending=sending))


@service("message_queue", arguments=3)
def queue_send_sealed(ctx, t: Value, handle: Value, source: Value):
    return queue.single((yield from _transfer(ctx, t, handle, source, 1, sending=True)))


@service("message_queue", arguments=3)
def queue_receive_sealed(ctx, t: Value, handle: Value, target: Value):
    return queue.single((yield from _transfer(ctx, t, handle, target, 1, sending=False)))


@service("message_queue", arguments=4)
def queue_send_multiple_sealed(ctx, t: Value, handle: Value, source: Value, n: int):
    return (yield from _transfer(ctx, t, handle, source, as_int(n), sending=True))


@service("message_queue", arguments=4)
def queue_receive_multiple_sealed(ctx, t: Value, handle: Value, target: Value, n: int):
    return (yield from _transfer(ctx, t, handle, target, as_int(n), sending=False))


@service("message_queue", arguments=2)
def queue_items_remaining_sealed(ctx, handle: Value, out: Value) -> int:
    """Either endpoint may ask."""
    body = _open(ctx, handle, SEND | RECEIVE)
    if isinstance(body, int):
        return body
    ctx.store(out, queue.items(ctx, body))
    return 0


@service("message_queue", arguments=3)
def queue_destroy_sealed(ctx, t: Value, quota: Value, handle: Value):
    """MQ-20: needs the permission and the quota that paid; `t` is not used."""
    body = _open(ctx, handle, DESTROY)
    if isinstance(body, int):
        return body
    if (yield from ctx.call("token_obj_can_destroy", quota, _key(ctx), handle)):
        return -Errno.EPERM
    yield from queue.stop(ctx, body)
    return (yield from ctx.call("token_obj_destroy", quota, _key(ctx), handle))


def _source(ctx, source: Value, handle: Value, *, sending: bool) -> int:
    body = _open(ctx, handle, SEND if sending else RECEIVE)
    if isinstance(body, int):
        return body
    queue.fill_source(ctx, source, body, sending=sending)
    return 0


@service("message_queue", arguments=2)
def multiwaiter_queue_send_init_sealed(ctx, source: Value, handle: Value) -> int:
    return _source(ctx, source, handle, sending=True)


@service("message_queue", arguments=2)
def multiwaiter_queue_receive_init_sealed(ctx, source: Value, handle: Value) -> int:
    return _source(ctx, source, handle, sending=False)


@service("message_queue", arguments=4)
def queue_receive_handle_create_sealed(ctx, t: Value, quota: Value, handle: Value, out: Value) -> int:
    """Deprecated: a handle that can only receive; always 0."""
    ctx.store_cap(out, token.permissions_and(as_cap(handle), RECEIVE))
    return 0


@service("message_queue", arguments=4)
def queue_send_handle_create_sealed(ctx, t: Value, quota: Value, handle: Value, out: Value) -> int:
    """Deprecated: a handle that can only send; always 0."""
    ctx.store_cap(out, token.permissions_and(as_cap(handle), SEND))
    return 0


@inline()
def queue_permissions(ctx, handle: Value) -> int:
    return token.permissions_of(handle)


@inline("token_permissions_and")
def queue_permissions_and(ctx, handle: Value, mask: int):
    return (yield from ctx.call("token_permissions_and", handle, mask))
