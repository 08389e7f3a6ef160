/* Waiting for several futex words at once. A multiwaiter is a sealed object on its user's quota: the scheduler keeps
   nothing of its own for it. */
#include "checks.h"
#include "thread_state.h"
#include "wake.h"
#include <errno.h>
#include <multiwaiter.h>
#include <thread.h>
#include <timeout_helpers.h>
#include <token.h>

#define MAXIMUM_SOURCES 8

enum MultiWaiterState { MultiWaiterFree, MultiWaiterBusy, MultiWaiterDeleted };

struct WatchedWord {
	const volatile uint32_t *word; /* only its address counts */
	uint32_t fired;
};

struct MultiWaiterInternal {
	uint32_t state;
	uint16_t capacity;
	uint16_t watched; /* words of the wait in progress */
	struct WatchedWord words[];
};

static TokenKey multiwaiter_key(void)
{
	return STATIC_SEALING_TYPE(MultiWaiterKey);
}

static struct MultiWaiterInternal *opened(MultiWaiter waiter)
{
	return token_obj_unseal_dynamic(multiwaiter_key(), (void *)waiter);
}

__cheriot_minimum_stack(0x60) int multiwaiter_create(TimeoutArgument timeout, AllocatorCapability heapCapability,
                                                     MultiWaiter *ret, size_t maxItems)
{
	if (maxItems > MAXIMUM_SOURCES)
		return -EINVAL;
	void *unsealed = NULL;
	void *sealed = token_sealed_unsealed_alloc(
	    timeout, heapCapability, multiwaiter_key(),
	    sizeof(struct MultiWaiterInternal) + maxItems * sizeof(struct WatchedWord), &unsealed);
	struct MultiWaiterInternal *body = unsealed;
	if (!cheri_tag_get(body))
		return -ENOMEM;
	body->state = MultiWaiterFree;
	body->capacity = maxItems;
	*ret = sealed;
	return 0;
}

/* Every source must be readable. */
static bool sources_are_usable(const struct EventWaiterSource *events, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!pointer_is_usable(events[i].eventSource, CHERI_PERM_LOAD, sizeof(uint32_t)) ||
		    !is_word_aligned(events[i].eventSource))
			return false;
	return true;
}

/* Take the sources over; has one fired already? */
static bool watch(struct MultiWaiterInternal *body, const struct EventWaiterSource *events, size_t count)
{
	bool any = false;
	for (size_t i = 0; i < count; i++) {
		struct WatchedWord *watched = &body->words[i];
		watched->word = events[i].eventSource;
		watched->fired = *watched->word != events[i].value;
		any |= watched->fired;
	}
	body->watched = count;
	return any;
}

/* What fired goes to the caller. */
static int report(const struct MultiWaiterInternal *body, struct EventWaiterSource *events, size_t count)
{
	int result = -ETIMEDOUT;
	for (size_t i = 0; i < count; i++) {
		events[i].value = body->words[i].fired;
		if (body->words[i].fired)
			result = 0;
	}
	return result;
}

__cheriot_minimum_stack(0xc0) int multiwaiter_wait(TimeoutArgument timeout, MultiWaiter waiter,
                                                   struct EventWaiterSource *events, size_t newEventsCount)
{
	struct MultiWaiterInternal *body = opened(waiter);
	if (!cheri_tag_get(body) || newEventsCount > body->capacity)
		return -EINVAL;
	if (!pointer_is_usable(events, CHERI_PERM_LOAD | CHERI_PERM_STORE | CHERI_PERM_LOAD_STORE_CAP,
	                       newEventsCount * sizeof *events) ||
	    !timeout_is_valid(timeout))
		return -EINVAL;
	if (body->state != MultiWaiterFree)
		return -EBUSY;
	if (!sources_are_usable(events, newEventsCount))
		return -EINVAL;
	if (!watch(body, events, newEventsCount) && timeout_may_block(timeout)) {
		struct Thread *me = running;
		Ticks before = tick_count();
		body->state = MultiWaiterBusy;
		me->multiwaiter = body;
		block_running(timeout, &multiWaiters, body, ObserveWaitMultiwaiter);
		yield();
		bool deleted = me->multiwaiter == NULL;
		me->multiwaiter = NULL;
		if (cheri_tag_get(body) && !deleted)
			body->state = MultiWaiterFree;
		timeout_elapse(timeout, tick_count() - before);
		if (deleted || !cheri_tag_get(body) || !cheri_tag_get(events))
			return -EINVAL;
	}
	return report(body, events, newEventsCount);
}

static bool watches(struct MultiWaiterInternal *body, ptraddr_t address)
{
	bool found = false;
	for (uint32_t i = 0; i < body->watched; i++)
		if (cheri_address_get(body->words[i].word) == address) {
			body->words[i].fired = 1;
			found = true;
		}
	return found;
}

uint32_t wake_multiwaiters(ptraddr_t address, uint32_t count)
{
	uint32_t woken = 0;
	for (struct Link *at = multiWaiters.next, *next; at != &multiWaiters && woken < count; at = next) {
		struct Thread *waiter = waiting_thread(at);
		struct MultiWaiterInternal *body = waiter->multiwaiter;
		next = at->next;
		if (!cheri_tag_get(body) || !watches(body, address)) /* a body without tag is one that has been freed */
			continue;
		thread_make_ready(waiter, ObserveReasonMulti);
		woken++;
	}
	return woken;
}

/* The memory goes back to the quota. Other threads may run inside the calls of the allocator: they find a multiwaiter
   that nobody can wait on any more, and a second deletion finds none. */
__cheriot_minimum_stack(0x90) int multiwaiter_delete(AllocatorCapability heapCapability, MultiWaiter waiter)
{
	struct MultiWaiterInternal *body = opened(waiter);
	if (!cheri_tag_get(body))
		return -EINVAL;
	int result = token_obj_can_destroy(heapCapability, multiwaiter_key(), (void *)waiter);
	if (result)
		return result;
	if (!cheri_tag_get(body))
		return -EINVAL;
	body->state = MultiWaiterDeleted;
	ptraddr_t address = cheri_address_get(body);
	for (struct Link *at = multiWaiters.next, *next; at != &multiWaiters; at = next) {
		struct Thread *thread = waiting_thread(at);
		next = at->next;
		if (cheri_address_get(thread->multiwaiter) == address) {
			thread->multiwaiter = NULL;
			thread_make_ready(thread, ObserveReasonDelete);
		}
	}
	return token_obj_destroy(heapCapability, multiwaiter_key(), (void *)waiter);
}
