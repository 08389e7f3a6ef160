/* Waiting for several futex words at once. */
#pragma once

#include <allocator.h>
#include <cdefs.h>
#include <stddef.h>
#include <stdint.h>
#include <timeout.h>

/* Before a wait: a word and the value to wait away from. Afterwards `value` says whether this one fired. */
struct EventWaiterSource {
	void *eventSource;
	uint32_t value;
};

struct MultiWaiterInternal;
typedef struct MultiWaiterInternal *MultiWaiter; /* sealed */

/* A multiwaiter for up to `maxItems` words (at most 8) on the given quota: 0, -EINVAL, -ENOMEM. */
__cheriot_interrupts(disabled)
__cheri_compartment("scheduler") int multiwaiter_create(TimeoutArgument timeout, AllocatorCapability heapCapability,
                                                        MultiWaiter *ret, size_t maxItems);

/* 0, -EINVAL, or why the quota cannot free it. Whoever waits is woken and gets -EINVAL. */
__cheriot_interrupts(disabled)
__cheri_compartment("scheduler") int multiwaiter_delete(AllocatorCapability heapCapability, MultiWaiter waiter);

/* 0 if a source fired, -ETIMEDOUT, -EBUSY, -EINVAL. */
__cheriot_interrupts(disabled)
__cheri_compartment("scheduler") int multiwaiter_wait(TimeoutArgument timeout, MultiWaiter waiter,
                                                      struct EventWaiterSource *events, size_t newEventsCount);
