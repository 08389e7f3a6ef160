/* Waiting and waking as libraries do it: the scheduler gets no more rights to the word than it needs. */
#pragma once

#include <cheri.h>
#include <futex.h>

#define WAKE_ALL UINT32_MAX

/* With a copy of the pointer that can only read. */
static inline int word_wait(TimeoutArgument timeout, const volatile uint32_t *word, uint32_t expected, uint32_t flags)
{
	return futex_timed_wait(timeout, cheri_permissions_and(word, CHERI_PERM_LOAD), expected, flags);
}

/* With a copy that can do nothing. */
static inline int word_notify(const volatile uint32_t *word, uint32_t count)
{
	return futex_wake(cheri_permissions_and(word, 0), count);
}
