/* Locks chosen by kind, for code that is generic in its locks. Compiled into the caller, who imports the locks' library
   functions. */
#pragma once

#include <locks.h>
#include <stdbool.h>
#include <timeout_helpers.h>

enum LockKind { NoLock, FlagLock, FlagLockPriorityInherited, TicketLock, RecursiveMutex };

/* True if the lock is held now. A ticket cannot be given back, so ticket locks have no try. */
static inline bool lock_guard_try(TimeoutArgument timeout, enum LockKind kind, void *lock)
{
	switch (kind) {
	case NoLock:
		return true;
	case FlagLock:
		return flaglock_trylock(timeout, lock) == 0;
	case FlagLockPriorityInherited:
		return flaglock_priority_inheriting_trylock(timeout, lock) == 0;
	case RecursiveMutex:
		return recursivemutex_trylock(timeout, lock) == 0;
	default:
		__builtin_trap();
	}
}

/* Without limit. Any failure is an illegal instruction, so not for locks that may be destroyed. */
static inline void lock_guard_lock(enum LockKind kind, void *lock)
{
	if (kind == TicketLock)
		ticketlock_lock(lock);
	else if (!lock_guard_try(TimeoutWaitForever, kind, lock))
		__builtin_trap();
}

static inline void lock_guard_unlock(enum LockKind kind, void *lock)
{
	switch (kind) {
	case NoLock:
		break;
	case TicketLock:
		ticketlock_unlock(lock);
		break;
	case RecursiveMutex:
		recursivemutex_unlock(lock);
		break;
	default:
		flaglock_unlock(lock);
	}
}

/* Give the lock up for some ticks, at the cost of the limit, and try to get it back: 1, 0, or why it did not sleep. */
static inline int lock_guard_yield(TimeoutArgument timeout, Ticks ticks, enum LockKind kind, void *lock)
{
	Timeout nap = {0, ticks};
	lock_guard_unlock(kind, lock);
	int result = thread_sleep(&nap, 0);
	if (result < 0)
		return result;
	timeout_elapse(timeout, nap.elapsed);
	return lock_guard_try(timeout, kind, lock);
}
