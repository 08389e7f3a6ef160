/* For functions that receive a TimeoutArgument. */
#pragma once

#include <cheri.h>
#include <monotonic_time.h>
#include <timeout.h>

extern const char __heap_start[], __heap_end[];

static inline bool timeout_is_relative(TimeoutArgument timeout)
{
	return cheri_tag_get(timeout.relativeTimeout);
}

/* A relative limit must be readable and writable, and not in the heap, where it could die while somebody blocks. */
static inline bool timeout_is_valid(TimeoutArgument timeout)
{
	if (!timeout_is_relative(timeout))
		return true;
	const Timeout *limit = timeout.relativeTimeout;
	uint32_t needed = CHERI_PERM_LOAD | CHERI_PERM_STORE;
	ptraddr_t base = cheri_base_get(limit), address = cheri_address_get(limit);
	bool inHeap = base >= (ptraddr_t)__heap_start && base < (ptraddr_t)__heap_end;
	return !inHeap && cheri_is_unsealed(limit) && (cheri_permissions_get(limit) & needed) == needed &&
	       address >= base && cheri_length_get(limit) >= sizeof(Timeout) &&
	       address - base <= cheri_length_get(limit) - sizeof(Timeout);
}

/* A deadline that is the present instant may still block. */
static inline bool timeout_may_block(TimeoutArgument timeout)
{
	if (timeout_is_relative(timeout))
		return timeout.relativeTimeout->remaining > 0;
	uint64_t deadline = timeout.absoluteTimeout;
	if (deadline == TimeoutNoWait || deadline == TimeoutWaitForever)
		return deadline == TimeoutWaitForever;
	return deadline >= monotonic_time();
}

/* Charge ticks of blocking to a relative limit. */
static inline void timeout_elapse(TimeoutArgument timeout, Ticks ticks)
{
	if (!timeout_is_relative(timeout))
		return;
	Timeout *limit = timeout.relativeTimeout;
	limit->elapsed = ticks > UINT32_MAX - limit->elapsed ? UINT32_MAX : limit->elapsed + ticks;
	if (limit->remaining != UnlimitedTimeout)
		limit->remaining = ticks > limit->remaining ? 0 : limit->remaining - ticks;
}
