"""The locks as C++ sees them (LK-6, LK-22, LK-23): compiled into the caller, who imports the library functions.

Every method is a generator that takes the caller's context first. `word` is a pointer to the lock. The functions at
the end are the same for step programs, which name a class by its number in `KINDS`.
"""

from rtos_model.services import timeout
from rtos_model.services.entries import inline
from rtos_model.services.errors import Cause, Trap
from rtos_model.services.pointers import Value, as_int
from rtos_model.services.timeout import WAIT_FOREVER


class NoLock:
    """LK-23: for parties that are alone."""

    uses: tuple[str, ...] = ()

    def __init__(self, word: Value):
        self.word = word

    def lock(self, ctx):
        return
        yield

    def unlock(self, ctx):
        return
        yield

    def try_lock(self, ctx, t: Value):
        return True
        yield


class FlagLock(NoLock):
    """A plain flag lock."""

    uses = ("flaglock_trylock", "flaglock_unlock")

    def try_lock(self, ctx, t: Value):
        """LK-6: true only for 0."""
        return (yield from ctx.call(self.uses[0], t, self.word)) == 0

    def lock(self, ctx):
        """LK-6: any failure is an illegal instruction."""
        if not (yield from self.try_lock(ctx, WAIT_FOREVER)):
            raise Trap(Cause.ILLEGAL_INSTRUCTION)

    def unlock(self, ctx):
        yield from ctx.call(self.uses[1], self.word)


class FlagLockPriorityInherited(FlagLock):
    uses = ("flaglock_priority_inheriting_trylock", "flaglock_unlock")


class RecursiveMutex(FlagLock):
    uses = ("recursivemutex_trylock", "recursivemutex_unlock")


class TicketLock(NoLock):
    """No try: a ticket cannot be given back."""

    uses = ("ticketlock_lock", "ticketlock_unlock")

    def lock(self, ctx):
        yield from ctx.call(self.uses[0], self.word)

    def unlock(self, ctx):
        yield from ctx.call(self.uses[1], self.word)

    try_lock = None  # type: ignore[assignment]


class LockGuard:
    """LK-22: `owns` says whether the lock is held."""

    def __init__(self, lock: NoLock):
        self.guarded, self.owns = lock, False

    def acquire(self, ctx, t: Value | None = None):
        """The constructor; with a limit it may fail, without it waits."""
        if t is None:
            yield from self.guarded.lock(ctx)
            self.owns = True
        else:
            self.owns = yield from self.guarded.try_lock(ctx, t)
        return self.owns

    def release(self, ctx):
        """The destructor."""
        if self.owns:
            yield from self.guarded.unlock(ctx)
        self.owns = False

    def yield_(self, ctx, t: Value, ticks: int):
        """Give the lock up for some ticks of a sleep that may end early, at the cost of `t`; 1, 0 or a sleep error."""
        yield from self.release(ctx)
        sp, nap = ctx.sp, ctx.timeout(ticks)
        code = yield from ctx.call("thread_sleep", nap, 0)
        if code >= 0:
            timeout.elapse(ctx, t, ctx.load(nap))
        ctx.sp = sp
        return code if code < 0 else int((yield from self.acquire(ctx, t)))


KINDS = (NoLock, FlagLock, FlagLockPriorityInherited, TicketLock, RecursiveMutex)
NO_LOCK, FLAG_LOCK, PI_LOCK, TICKET_LOCK, RECURSIVE_MUTEX = range(5)
USES = tuple(dict.fromkeys(name for kind in KINDS for name in kind.uses))


def lock_of(kind: int, word: Value) -> NoLock:
    return KINDS[as_int(kind)](word)


@inline(*USES)
def lock_guard_lock(ctx, kind: int, word: Value):
    yield from LockGuard(lock_of(kind, word)).acquire(ctx)


@inline(*USES)
def lock_guard_try(ctx, t: Value, kind: int, word: Value):
    """1 if the lock is held now."""
    return int((yield from LockGuard(lock_of(kind, word)).acquire(ctx, t)))


@inline(*USES)
def lock_guard_unlock(ctx, kind: int, word: Value):
    yield from lock_of(kind, word).unlock(ctx)


@inline("thread_sleep", *USES)
def lock_guard_yield(ctx, t: Value, ticks: int, kind: int, word: Value):
    """Of a guard that holds the lock."""
    guard = LockGuard(lock_of(kind, word))
    guard.owns = True
    return (yield from guard.yield_(ctx, t, as_int(ticks)))
