/* Ephemeral claims: the two hazard slots of the calling thread, which the allocator looks through before an object
   dies. The allocator's epoch is odd in its upper half while it looks; its lower half is then the number of the thread
   that does, which inherits the priority of those that wait. */
#include <allocator.h>
#include <cheri.h>
#include <errno.h>
#include <futex.h>
#include <switcher.h>
#include <timeout_helpers.h>

enum { Scanning = 1 << 16 };

/* Wait until nobody looks through the slots: 0 with the epoch, or a negative code. */
static int wait_for_scan(TimeoutArgument timeout, const volatile uint32_t *epoch, uint32_t *seen)
{
	while ((*seen = *epoch) & Scanning) {
		if (!timeout_may_block(timeout))
			return -ETIMEDOUT;
		Timeout nap = {0, 1};
		int code = futex_timed_wait(&nap, cheri_permissions_and(epoch, CHERI_PERM_LOAD), *seen,
		                            FutexPriorityInheritance);
		timeout_elapse(timeout, nap.elapsed);
		if (code && code != -ETIMEDOUT)
			return code;
	}
	return 0;
}

static bool may_be_claimed(const void *object)
{
	return !object || (cheri_tag_get(object) && cheri_is_unsealed(object));
}

int heap_claim_ephemeral(TimeoutArgument timeout, const void *first, const void *second)
{
	const volatile uint32_t *epoch = SHARED_OBJECT_WITH_PERMISSIONS(uint32_t, allocator_epoch, true, false, false, false);
	void **slots = switcher_thread_hazard_slots();
	if (!heap_address_is_valid(first))
		first = NULL;
	if (!heap_address_is_valid(second))
		second = NULL;
	bool none = !first && !second;
	uint32_t seen = 0;
	do {
		int code = none ? 0 : wait_for_scan(timeout, epoch, &seen);
		if (code)
			return code;
		slots[0] = (void *)first;
		slots[1] = (void *)second;
	} while (!none && *epoch >> 16 != seen >> 16);
	if (may_be_claimed(first) && may_be_claimed(second))
		return 0;
	slots[0] = slots[1] = NULL;
	return -EINVAL;
}

int heap_claim_fast(TimeoutArgument timeout, const void *first, const void *second)
{
	return heap_claim_ephemeral(timeout, first, second);
}
