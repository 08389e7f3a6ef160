"""Futexes with priority inheritance (FX-1...FX-12), and the thread services of the scheduler (TH-17...TH-20)."""

from rtos_model.machine.capability import Perm
from rtos_model.services import timeout
from rtos_model.services.entries import inline, library, service
from rtos_model.services.errors import Errno
from rtos_model.services.image import Posture
from rtos_model.services.pointers import Value, as_cap, as_int, check_pointer
from rtos_model.services.scheduler import Scheduler, Tcb

PRIORITY_INHERITANCE = 1
NO_EARLY_WAKE = 1
UNLIMITED_COUNT = 0xFFFF_FFFF
OWNER_MASK = 0xFFFF


# ------------------------------------------------------------------------------------------- priority


def inherited_priority(scheduler: Scheduler, owner: Tcb) -> int:
    """FX-9: the owner's base, or the highest of the queued waiters that target it."""
    waiters = (w.effective for w in scheduler.futex_queue if w.inherits and w.boost_target == owner.id)
    return max(owner.base, max(waiters, default=0))


def recompute(scheduler: Scheduler, owner_id: int) -> None:
    """FX-9: also for an owner that has exited (harmless)."""
    owner = scheduler.threads.get(owner_id)
    if owner is not None:
        scheduler.set_effective(owner, inherited_priority(scheduler, owner))


def boost(scheduler: Scheduler, waiter: Tcb, key: int, owner_id: int) -> None:
    """FX-9 at wait: every PI waiter of the key targets this owner; the owner takes the highest priority of all."""
    for other in scheduler.futex_queue:
        if other.inherits and other.futex_key == key:
            other.boost_target = owner_id
    owner = scheduler.threads[owner_id]
    scheduler.set_effective(owner, max(inherited_priority(scheduler, owner), waiter.effective))


# ------------------------------------------------------------------------------------------- wait


@service("scheduler", posture=Posture.DISABLED, min_stack=0xD0, arguments=4)
def futex_timed_wait(ctx, t: Value, address: Value, expected: int, flags: int = 0):
    """Section 5.1: 0, -EINVAL or -ETIMEDOUT."""
    kernel, scheduler, me = ctx.kernel, ctx.kernel.scheduler, ctx.tcb
    pointer = kernel.memory.filtered(as_cap(address))
    if not timeout.valid(ctx, t):
        return -Errno.EINVAL
    if not check_pointer(pointer, Perm.LD, 4, ctx.stack.bounds()) or pointer.address % 4:
        return -Errno.EINVAL
    word = ctx.load(pointer)
    if word != as_int(expected):
        return 0
    inherits = bool(as_int(flags) & PRIORITY_INHERITANCE)
    owner = word & OWNER_MASK
    if inherits and (owner in (0, me.id) or owner not in scheduler.threads):
        return -Errno.EINVAL
    if not timeout.may_block(ctx, t):
        return -Errno.ETIMEDOUT
    before = scheduler.ticks
    deadline, text = timeout.deadline(ctx, t)
    if inherits:
        boost(scheduler, me, pointer.address, owner)
    me.futex_key, me.inherits, me.boost_target = pointer.address, inherits, owner if inherits else 0
    name = kernel.name_of(pointer.address)
    scheduler.suspend(me, deadline, object_name=name, deadline_text=text, queue=scheduler.futex_queue)
    yield from ctx.yield_()
    target = me.boost_target
    me.futex_key, me.inherits, me.boost_target = None, False, 0
    if target:
        recompute(scheduler, target)
    timeout.elapse(ctx, t, scheduler.ticks - before)
    if not timeout.may_block(ctx, t):
        return -Errno.ETIMEDOUT
    return 0 if kernel.memory.filtered(pointer).tag else -Errno.EINVAL


# ------------------------------------------------------------------------------------------- wake


def wake(scheduler: Scheduler, key: int, count: int) -> tuple[list[Tcb], bool]:
    """FX-2: ready up to `count` waiters of an address; the threads woken, and whether a PI waiter was among them."""
    chosen = [t for t in scheduler.futex_queue if t.futex_key == key][:count]
    inherits = any(t.inherits for t in chosen)
    for thread in chosen:
        scheduler.make_ready(thread, "futex")
    multi = [t for t in scheduler.multi_queue if key in t.multi_sources][: count - len(chosen)]
    for thread in multi:
        thread.multi_fired = thread.multi_fired | {key}
        scheduler.make_ready(thread, "multi")
    return chosen + multi, inherits


def release_boost(scheduler: Scheduler, caller: Tcb, key: int) -> None:
    """FX-10."""
    for other in scheduler.futex_queue:
        if other.inherits and other.futex_key == key and other.boost_target == caller.id:
            other.boost_target = 0
    recompute(scheduler, caller.id)


def should_yield(scheduler: Scheduler, caller: Tcb) -> bool:
    """FX-11, for a wake that woke someone."""
    if caller.effective < scheduler.highest_ready():
        return True
    if not scheduler.has_ready_peers(caller):
        return False
    if scheduler.clock.now - caller.slice_start >= scheduler.cycles_per_tick:
        return True
    scheduler.ensure_slice(caller)
    return False


@service("scheduler", posture=Posture.DISABLED, min_stack=0xD0, arguments=2)
def futex_wake(ctx, address: Value, count: int):
    """Section 5.2: the number of threads woken, or -EINVAL. No permission is needed on the pointer (FX-1, FX-4)."""
    scheduler = ctx.kernel.scheduler
    pointer = ctx.kernel.memory.filtered(as_cap(address))
    if not check_pointer(pointer, Perm(0), 4, ctx.stack.bounds()):
        return -Errno.EINVAL
    woken, inherits = wake(scheduler, pointer.address, as_int(count))
    if inherits:
        release_boost(scheduler, ctx.tcb, pointer.address)
    if woken and should_yield(scheduler, ctx.tcb):
        yield from ctx.yield_()
    return len(woken)


@inline("futex_timed_wait")
def futex_wait(ctx, address: Value, expected: int):
    """`futex_timed_wait` for ever and without flags."""
    return (yield from ctx.call("futex_timed_wait", timeout.WAIT_FOREVER, address, expected, 0))


def wait(ctx, t: Value, address: Value, expected: int, flags: int = 0):
    """The futex wait as libraries make it: a call to the scheduler with a {R} copy of the pointer (DV-52)."""
    reader = as_cap(address).with_permissions(Perm.LD)
    return (yield from ctx.call("futex_timed_wait", t, reader, expected, flags))


def notify(ctx, address: Value, count: int = UNLIMITED_COUNT):
    """The wake as libraries make it: with a copy that has no permissions."""
    return (yield from ctx.call("futex_wake", as_cap(address).with_permissions(Perm(0)), count))


# ------------------------------------------------------------------------------------------- threads


@service("scheduler", posture=Posture.DISABLED, min_stack=0xA0, arguments=2)
def thread_sleep(ctx, t: Value, flags: int = 0):
    """TH-17...TH-20: 0, or -EINVAL for a bad timeout."""
    scheduler = ctx.kernel.scheduler
    if not timeout.valid(ctx, t):
        return -Errno.EINVAL
    before = scheduler.ticks
    if timeout.may_block(ctx, t):
        deadline, text = timeout.deadline(ctx, t)
        early = not as_int(flags) & NO_EARLY_WAKE
        scheduler.suspend(ctx.tcb, deadline, object_name="sleep", deadline_text=text, yielding=early)
    yield from ctx.yield_()
    timeout.elapse(ctx, t, scheduler.ticks - before)
    return 0


@service("scheduler", posture=Posture.ENABLED, arguments=0)
def thread_count(ctx) -> int:
    """N, including exited threads."""
    return len(ctx.kernel.scheduler.threads)


@service("scheduler", posture=Posture.DISABLED, arguments=0)
def thread_systemtick_get(ctx) -> tuple[int, int]:
    """The tick counter as of the last expire: low word, high word."""
    ticks = ctx.kernel.scheduler.ticks
    return ticks & 0xFFFF_FFFF, ticks >> 32


@service("scheduler", posture=Posture.DISABLED, arguments=0)
def thread_elapsed_cycles_idle(ctx) -> tuple[int, int]:
    cycles = ctx.kernel.scheduler.cycles_of(None)
    return cycles & 0xFFFF_FFFF, cycles >> 32


@service("scheduler", posture=Posture.DISABLED, arguments=0)
def thread_elapsed_cycles_current(ctx) -> tuple[int, int]:
    cycles = ctx.kernel.scheduler.cycles_of(ctx.tcb)
    return cycles & 0xFFFF_FFFF, cycles >> 32


@library("switcher", posture=Posture.DISABLED)
def thread_id_get(ctx) -> int:
    return ctx.tcb.id
