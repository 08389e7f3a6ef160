/* The one blocking primitive: wait while a word has a value, wake who waits for a word. */
#pragma once

#include <cdefs.h>
#include <stdint.h>
#include <timeout.h>

enum FutexWaitFlags {
	FutexNone = 0,
	FutexPriorityInheritance = 1 << 0, /* the word's low half is the number of the thread that holds the lock */
};

/* Block until woken if `*address` is `expected`: 0, -ETIMEDOUT, -EINVAL for a bad argument or a word that died. */
__cheriot_interrupts(disabled)
__cheri_compartment("scheduler") int futex_timed_wait(TimeoutArgument timeout, const volatile uint32_t *address,
                                                      uint32_t expected, uint32_t flags);

/* Wake up to `count` waiters of that address: their number, or -EINVAL. The pointer needs no permission. */
__cheriot_interrupts(disabled)
__cheri_compartment("scheduler") int futex_wake(const volatile uint32_t *address, uint32_t count);

/* Without limit and flags. */
static inline int futex_wait(const volatile uint32_t *address, uint32_t expected)
{
	return futex_timed_wait(TimeoutWaitForever, address, expected, FutexNone);
}
