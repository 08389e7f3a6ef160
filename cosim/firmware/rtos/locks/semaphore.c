/* The counting semaphore. */
#include "word.h"
#include <errno.h>
#include <futex_helpers.h>
#include <locks.h>

#define WAITERS (1U << 31) /* somebody may wait: the next to put has to wake */

int semaphore_get(TimeoutArgument timeout, struct CountingSemaphoreState *semaphore)
{
	for (;;) {
		uint32_t count = semaphore->count;
		if (count & ~WAITERS) {
			if (locks_replace(&semaphore->count, count, count - 1))
				return 0;
		} else if (locks_replace(&semaphore->count, count, WAITERS)) {
			int result = word_wait(timeout, &semaphore->count, WAITERS, FutexNone);
			if (result)
				return result;
		}
	}
}

int semaphore_put(struct CountingSemaphoreState *semaphore)
{
	uint32_t count, value;
	do {
		count = semaphore->count;
		value = count & ~WAITERS;
		if (value == semaphore->maxCount)
			return -EINVAL;
	} while (!locks_replace(&semaphore->count, count, value + 1));
	if (count & WAITERS)
		word_notify(&semaphore->count, WAKE_ALL);
	return 0;
}
