"""Dynamic keys and dynamic sealed objects (TK-2...TK-5, TK-10...TK-12): the part of the token API that allocates.

Unsealing is in token.py and needs nothing from here (TK-13).
"""

from rtos_model.machine.capability import NULL, Cap, Perm, representable_length
from rtos_model.services import timeout, token
from rtos_model.services.allocator import ALL_WAITS, allocate
from rtos_model.services.entries import service
from rtos_model.services.errors import Errno
from rtos_model.services.events import SealKey
from rtos_model.services.flagword import acquire
from rtos_model.services.flagword import release as release_flag
from rtos_model.services.heap import HeapObject
from rtos_model.services.heap_lock import lock, probe, unlock, wake_sleepers
from rtos_model.services.heap_release import release
from rtos_model.services.image import Word
from rtos_model.services.loader import OTYPE_DYNAMIC, SEAL_HEADER, hardware_seal, hardware_unseal, sealing_capability
from rtos_model.services.pointers import Value, as_cap, as_int, check_pointer
from rtos_model.services.quota import ALLOCATE, open_quota

FIRST_KEY, LAST_KEY = 0xFFFF_FFFE, 0x0100_0001
GLOBALS = {"allocator": (Word(name="keys_made"), Word(name="key_lock"))}


@service("allocator", arguments=0)
def token_key_new(ctx):
    """TK-2: a key of length 1 with {G S U}, numbers descending; null when there are no more."""
    word, counter = ctx.word("key_lock"), ctx.word("keys_made")
    yield from acquire(ctx, timeout.WAIT_FOREVER, word, inherits=False)
    ordinal = ctx.load(counter) + 1
    number, key = FIRST_KEY + 1 - ordinal, NULL
    if number >= LAST_KEY:
        ctx.store(counter, ordinal)
        key = sealing_capability(number, Perm.GL | Perm.SE | Perm.US)
        ctx.kernel.emit(SealKey(ordinal))
    yield from release_flag(ctx, word)
    return key


def _sealed_object(ctx, t: Value, handle: Value, key: Value, size: int, rights: Perm):
    """TK-4, TK-5: (sealed handle, payload pointer), or None on any failure."""
    rounded = representable_length(as_int(size)) & 0xFFFF_FFFF
    seals = token.key_allows(key, rights) and as_cap(key).length == 1
    if not seals or rounded == 0 or rounded + SEAL_HEADER > 0xFFFF_FFFF:
        return None
    yield from lock(ctx)
    quota = open_quota(ctx, handle, ALLOCATE)
    if quota is None:
        yield from unlock(ctx)
        return None
    made = yield from allocate(ctx, t, quota, rounded + SEAL_HEADER, ALL_WAITS, sealed=True)
    return _dress(ctx, made, rounded, as_cap(key).address) if isinstance(made, HeapObject) else None


def _dress(ctx, made: HeapObject, size: int, number: int) -> tuple[Cap, Cap]:
    """Header and payload at the top of a new object, the handle with all permission bits."""
    whole = ctx.kernel.heap.pointer(made)
    payload = (whole.bounds()[1] - size) & ~7
    ctx.store(whole.with_address(payload - SEAL_HEADER), number)
    sealed = hardware_seal(whole.with_address(payload + token.PERMISSION_BITS), OTYPE_DYNAMIC)
    return sealed, whole.with_address(payload).with_bounds(whole.bounds()[1] - payload)


@service("allocator", min_stack=0x290, arguments=5)
def token_sealed_unsealed_alloc(ctx, t: Value, handle: Value, key: Value, size: int, out: Value):
    """A sealed handle or null; the payload pointer or null through `out`, if that is usable (DV-16)."""
    if not timeout.valid(ctx, t):
        return NULL
    probe(ctx, t)
    made = yield from _sealed_object(ctx, t, handle, key, size, Perm.SE | Perm.US)
    sealed, unsealed = made or (NULL, NULL)
    yield from lock(ctx)  # nobody may free what `out` points to between check and store
    slot = ctx.kernel.memory.filtered(as_cap(out))
    if check_pointer(slot, Perm.SD | Perm.MC, 8, ctx.stack.bounds()) and slot.address % 8 == 0:
        ctx.store_cap(slot, unsealed)
    yield from unlock(ctx)
    return sealed


@service("allocator", min_stack=0x260, arguments=4)
def token_sealed_alloc(ctx, t: Value, handle: Value, key: Value, size: int):
    """A sealed handle or null; the key needs no right to unseal."""
    if not timeout.valid(ctx, t):
        return NULL
    probe(ctx, t)
    made = yield from _sealed_object(ctx, t, handle, key, size, Perm.SE)
    return made[0] if made else NULL


def _destroy(ctx, handle: Value, key: Value, sealed: Value, *, dry_run: bool):
    """TK-10: key and quota are both needed."""
    yield from lock(ctx)
    code = -Errno.EINVAL
    if token.unseal(ctx.kernel, key, sealed, dynamic_only=True).tag:
        code = release(ctx, handle, hardware_unseal(as_cap(sealed), OTYPE_DYNAMIC), dry_run=dry_run)
        if code == 0 and not dry_run:
            yield from wake_sleepers(ctx)
    yield from unlock(ctx)
    return code


@service("allocator", min_stack=0x270, arguments=3)
def token_obj_destroy(ctx, handle: Value, key: Value, sealed: Value):
    return (yield from _destroy(ctx, handle, key, sealed, dry_run=False))


@service("allocator", min_stack=0x270, arguments=3)
def token_obj_can_destroy(ctx, handle: Value, key: Value, sealed: Value):
    return (yield from _destroy(ctx, handle, key, sealed, dry_run=True))
