/* Flag locks, with and without priority inheritance, and the recursive mutex on top. */
#include "word.h"
#include <errno.h>
#include <futex_helpers.h>
#include <locks.h>
#include <timeout_helpers.h>

/* The low half of the word is the owner's thread number, if priorities are inherited. LOCKED turns into WAITERS when
   somebody has to wait. */
enum { LOCKED = 1 << 16, WAITERS = 1 << 17, DESTRUCTION = 1 << 18, OWNER = 0xFFFF };

#define DEEPEST UINT16_MAX

static int acquire(TimeoutArgument timeout, struct FlagLockState *lock, uint32_t owner, uint32_t flags)
{
	volatile uint32_t *word = &lock->lockWord;
	while (!locks_replace(word, 0, LOCKED | owner)) {
		uint32_t value = *word;
		if (value == 0)
			continue;
		if (value & DESTRUCTION)
			return -ENOENT;
		if (!timeout_may_block(timeout))
			return -ETIMEDOUT;
		if (!(value & WAITERS)) {
			uint32_t contended = WAITERS | (value & OWNER);
			if (!locks_replace(word, value, contended))
				continue;
			value = contended;
		}
		int result = word_wait(timeout, word, value, flags);
		if (result)
			return result;
	}
	return 0;
}

/* Set the word to what `keep` leaves of it and `set` adds, and wake whoever waits. */
static void settle(struct FlagLockState *lock, uint32_t keep, uint32_t set)
{
	volatile uint32_t *word = &lock->lockWord;
	uint32_t value;
	do
		value = *word;
	while (!locks_replace(word, value, (value & keep) | set));
	if (value & WAITERS)
		word_notify(word, WAKE_ALL);
}

int flaglock_trylock(TimeoutArgument timeout, struct FlagLockState *lock)
{
	return acquire(timeout, lock, 0, FutexNone);
}

int flaglock_priority_inheriting_trylock(TimeoutArgument timeout, struct FlagLockState *lock)
{
	return acquire(timeout, lock, thread_id_get(), FutexPriorityInheritance);
}

void flaglock_lock(struct FlagLockState *lock)
{
	flaglock_trylock(TimeoutWaitForever, lock);
}

void flaglock_priority_inheriting_lock(struct FlagLockState *lock)
{
	flaglock_priority_inheriting_trylock(TimeoutWaitForever, lock);
}

void flaglock_unlock(struct FlagLockState *lock)
{
	settle(lock, DESTRUCTION, 0);
}

void flaglock_upgrade_for_destruction(struct FlagLockState *lock)
{
	settle(lock, ~0U, DESTRUCTION);
}

uint16_t flaglock_priority_inheriting_get_owner_thread_id(struct FlagLockState *lock)
{
	return lock->lockWord & OWNER;
}

int recursivemutex_trylock(TimeoutArgument timeout, struct RecursiveMutexState *mutex)
{
	uint32_t me = thread_id_get();
	if ((mutex->lock.lockWord & OWNER) == me) {
		if (mutex->depth == DEEPEST)
			return -EOVERFLOW;
		mutex->depth++;
		return 0;
	}
	if (acquire(timeout, &mutex->lock, me, FutexPriorityInheritance))
		return -ETIMEDOUT;
	mutex->depth = 1;
	return 0;
}

int recursivemutex_unlock(struct RecursiveMutexState *mutex)
{
	mutex->depth--;
	if (mutex->depth == 0)
		flaglock_unlock(&mutex->lock);
	return 0;
}
