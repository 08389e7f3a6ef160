#include "lock.h"

#include "chunks.h"

#include <cheri.h>
#include <errno.h>
#include <futex.h>
#include <thread.h>
#include <timeout_helpers.h>

enum { Owner = 0xFFFF, Locked = 1 << 16, Waiters = 1 << 17 };
#define NOBODY UINT32_MAX
#define OWED (UINT32_MAX - 1)

uint32_t lock; /* 0, or Locked or Waiters with the holder's number */
uint32_t free_bytes = NOBODY; /* as a thread that sleeps for memory has seen them */

/* Waking fails when the calling thread has no stack left to call the scheduler. The next thread does it then. */
static bool wake_owed;

/* Take the lock if it is free: 0. Otherwise its word, in which a patient thread has marked that somebody waits. */
__cheriot_interrupts(disabled) static uint32_t lock_try(uint32_t mine, bool patient)
{
	if (!lock) {
		lock = mine;
		return 0;
	}
	if (patient && !(lock & Waiters))
		lock = Waiters | (lock & Owner);
	return lock;
}

/* Free the lock: does somebody wait for it? */
__cheriot_interrupts(disabled) static bool lock_clear(void)
{
	bool waited = lock & Waiters;
	lock = 0;
	return waited;
}

static int wait_while(TimeoutArgument timeout, const uint32_t *word, uint32_t value, uint32_t flags)
{
	return futex_timed_wait(timeout, cheri_permissions_and(word, CHERI_PERM_LOAD), value, flags);
}

static int wake_all(const uint32_t *word)
{
	return futex_wake(cheri_permissions_and(word, 0), UINT32_MAX);
}

uint16_t lock_holder(void)
{
	return lock & Owner;
}

int lock_acquire_within(TimeoutArgument timeout)
{
	uint32_t mine = Locked | thread_id_get();
	for (;;) {
		bool patient = timeout_may_block(timeout);
		uint32_t seen = lock_try(mine, patient);
		if (!seen)
			break;
		if (!patient)
			return -ETIMEDOUT;
		int code = wait_while(timeout, &lock, seen, FutexPriorityInheritance);
		if (code)
			return code;
	}
	chunks_prepare();
	return 0;
}

int lock_acquire(void)
{
	return lock_acquire_within(TimeoutWaitForever);
}

void lock_release(void)
{
	if (lock_clear() || wake_owed)
		wake_owed = wake_all(&lock) < 0;
}

bool lock_sleep_until_free(TimeoutArgument timeout)
{
	Timeout nap = one_tick();
	bool deferred = heap.deferred != NOWHERE; /* nobody tells when a hazard goes away */
	uint32_t seen = heap.free_bytes;
	free_bytes = seen;
	lock_release();
	int code;
	if (deferred) {
		code = wait_while(&nap, &free_bytes, seen, FutexNone);
		timeout_elapse(timeout, nap.elapsed);
	} else {
		code = wait_while(timeout, &free_bytes, seen, FutexNone);
	}
	return (code == 0 || code == -ETIMEDOUT) && lock_acquire_within(timeout) == 0;
}

void lock_wake_sleepers(void)
{
	if (free_bytes == NOBODY)
		return;
	free_bytes = NOBODY;
	if (wake_all(&free_bytes) < 0)
		free_bytes = OWED;
}

bool limit_admit(TimeoutArgument *limit)
{
	if (!timeout_is_valid(*limit))
		return false;
	if (timeout_is_relative(*limit)) {
		volatile Timeout *given = limit->relativeTimeout;
		(void)given->elapsed;
		(void)given->remaining;
		ptraddr_t address = cheri_address_get(given);
		void *stack = cheri_stack_get();
		if (address < cheri_top_get(stack) && address + sizeof(Timeout) > cheri_base_get(stack))
			limit->absoluteTimeout = TimeoutNoWait;
	}
	return true;
}
