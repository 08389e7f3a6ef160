/* Futexes, with priority inheritance. */
#include "checks.h"
#include "thread_state.h"
#include "wake.h"
#include <errno.h>
#include <futex.h>
#include <monotonic_time.h>
#include <thread.h>
#include <tick_macros.h>
#include <timeout_helpers.h>

#define OWNER_MASK 0xFFFFU

/* The base priority, or the highest of the waiters that raise this thread. */
static uint8_t inherited_priority(const struct Thread *owner)
{
	uint8_t priority = owner->basePriority;
	for (struct Link *at = futexWaiters.next; at != &futexWaiters; at = at->next) {
		struct Thread *waiter = waiting_thread(at);
		if (waiter->boosts == owner && waiter->priority > priority)
			priority = waiter->priority;
	}
	return priority;
}

/* Waiters with priority inheritance on that address that raise `from` (null: whomever) raise `to` (null: nobody). */
static void retarget(ptraddr_t address, const struct Thread *from, struct Thread *to)
{
	for (struct Link *at = futexWaiters.next; at != &futexWaiters; at = at->next) {
		struct Thread *waiter = waiting_thread(at);
		if (waiter->inherits && cheri_address_get(waiter->futexWord) == address &&
		    (!from || waiter->boosts == from))
			waiter->boosts = to;
	}
}

/* The running thread is about to wait for a lock that `owner` holds. */
static void boost(struct Thread *owner, ptraddr_t address)
{
	retarget(address, NULL, owner);
	uint8_t priority = inherited_priority(owner);
	thread_set_priority(owner, priority > running->priority ? priority : running->priority);
}

__cheriot_minimum_stack(0xd0) int futex_timed_wait(TimeoutArgument timeout, const volatile uint32_t *address,
                                                   uint32_t expected, uint32_t flags)
{
	if (!timeout_is_valid(timeout) || !pointer_is_usable(address, CHERI_PERM_LOAD, sizeof *address) ||
	    !is_word_aligned(address))
		return -EINVAL;
	uint32_t word = *address;
	if (word != expected)
		return 0;
	struct Thread *me = running, *owner = NULL;
	if (flags & FutexPriorityInheritance) {
		owner = thread_by_id(word & OWNER_MASK);
		if (!owner || owner == me)
			return -EINVAL;
	}
	if (!timeout_may_block(timeout))
		return -ETIMEDOUT;
	Ticks before = tick_count();
	if (owner)
		boost(owner, cheri_address_get(address));
	me->futexWord = address;
	me->inherits = owner != NULL;
	me->boosts = owner;
	block_running(timeout, &futexWaiters, (const volatile void *)address, ObserveWaitFutex);
	yield();
	owner = me->boosts; /* the lock may have changed hands meanwhile */
	me->futexWord = NULL;
	me->inherits = false;
	me->boosts = NULL;
	if (owner)
		thread_set_priority(owner, inherited_priority(owner));
	timeout_elapse(timeout, tick_count() - before);
	if (!timeout_may_block(timeout))
		return -ETIMEDOUT;
	return cheri_tag_get(address) ? 0 : -EINVAL; /* gone if the word was freed meanwhile */
}

uint32_t wake_waiters(ptraddr_t address, uint32_t count, bool *inherited)
{
	uint32_t woken = 0;
	for (struct Link *at = futexWaiters.next, *next; at != &futexWaiters && woken < count; at = next) {
		struct Thread *waiter = waiting_thread(at);
		next = at->next;
		if (cheri_address_get(waiter->futexWord) != address)
			continue;
		*inherited |= waiter->inherits;
		thread_make_ready(waiter, ObserveReasonFutex);
		woken++;
	}
	return woken + wake_multiwaiters(address, count - woken);
}

/* After a wake: does a more urgent thread wait, or has the slice been used up while equals are ready? */
static bool should_yield(void)
{
	if (running->priority < highest_ready_priority())
		return true;
	if (!has_ready_peers(running))
		return false;
	if (monotonic_time() - running->sliceStart >= TIMERCYCLES_PER_TICK)
		return true;
	timer_ensure_slice(running);
	return false;
}

__cheriot_minimum_stack(0xd0) int futex_wake(const volatile uint32_t *address, uint32_t count)
{
	if (!pointer_is_usable(address, 0, sizeof *address))
		return -EINVAL;
	bool inherited = false;
	uint32_t woken = wake_waiters(cheri_address_get(address), count, &inherited);
	if (inherited) {
		retarget(cheri_address_get(address), running, NULL);
		thread_set_priority(running, inherited_priority(running));
	}
	if (woken && should_yield())
		yield();
	return woken;
}
