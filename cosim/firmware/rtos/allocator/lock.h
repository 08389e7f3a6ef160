/* The allocator's one lock, with priority inheritance, and the word on which threads wait for memory. Functions of this
   compartment must not trap while they hold it: nobody would ever release it. */
#pragma once

#include <stdbool.h>
#include <timeout.h>

/* The number of the thread that holds the lock. */
uint16_t lock_holder(void);

/* 0, -ETIMEDOUT, or what the scheduler, or a call of it, fails with. */
int lock_acquire_within(TimeoutArgument timeout);
int lock_acquire(void);

void lock_release(void);

/* Give up the lock until memory is freed: is it held again? */
bool lock_sleep_until_free(TimeoutArgument timeout);

/* Let threads that wait for memory try again, once the lock is free. */
void lock_wake_sleepers(void);

/* May a caller's time limit be used? It is touched, so that one that traps does so with no lock held. One that lies in
   this call's own stack, where its bytes are the allocator's, becomes one with no time left. */
bool limit_admit(TimeoutArgument *limit);

/* One-tick sleeps of the allocator count for the caller's limit. */
static inline Timeout one_tick(void)
{
	return (Timeout){0, 1};
}
