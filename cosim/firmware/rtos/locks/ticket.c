/* The ticket lock: first come, first served. Both counters may wrap. */
#include "word.h"
#include <futex_helpers.h>
#include <locks.h>

void ticketlock_lock(struct TicketLockState *lock)
{
	uint32_t ticket, current;
	do
		ticket = lock->next;
	while (!locks_replace(&lock->next, ticket, ticket + 1));
	while ((current = lock->current) != ticket)
		word_wait(TimeoutWaitForever, &lock->current, current, FutexNone);
}

void ticketlock_unlock(struct TicketLockState *lock)
{
	uint32_t current = lock->current + 1; /* only the holder writes it */
	lock->current = current;
	if (lock->next != current)
		word_notify(&lock->current, WAKE_ALL);
}
