/* Event groups. Every thread has a slot to wait in: its word changes when the thread's wish is fulfilled. */
#include <cheri.h>
#include <errno.h>
#include <event.h>
#include <futex_helpers.h>
#include <locks.h>
#include <thread.h>

#define ALL_BITS 0xFFFFFFU
#define WANTS_ALL (1U << 24) /* above the wanted bits */
#define CLEARS (1U << 25)
#define FAILED_COUNT 65280U /* from here on a number of threads is a failure code */

/* One that wants nothing is not in use. */
struct Waiter {
	volatile uint32_t word; /* the bits seen before the wait, then those that fulfilled the wish */
	uint32_t wanted;
};

struct EventGroup {
	struct FlagLockState lock;
	uint32_t bits;
	uint32_t waiterCount;
	struct Waiter waiters[];
};

/* A pointer to one word of a group and nothing else. */
#define ONE_WORD(pointer) cheri_bounds_set((pointer), sizeof(uint32_t))

static bool take(TimeoutArgument timeout, struct EventGroup *group)
{
	return flaglock_trylock(timeout, ONE_WORD(&group->lock)) == 0;
}

static void release(struct EventGroup *group)
{
	flaglock_unlock(ONE_WORD(&group->lock));
}

static bool fulfilled(uint32_t bits, uint32_t wanted)
{
	uint32_t found = bits & wanted & ALL_BITS;
	return wanted & WANTS_ALL ? found == (wanted & ALL_BITS) : found != 0;
}

/* The waiter goes on with these bits. */
static void satisfy(struct Waiter *waiter, uint32_t bits)
{
	waiter->wanted = 0;
	waiter->word = bits;
	word_notify(ONE_WORD(&waiter->word), 1);
}

int eventgroup_create(TimeoutArgument timeout, AllocatorCapability heapCapability, struct EventGroup **outGroup)
{
	uint16_t threads = thread_count();
	if (threads >= FAILED_COUNT)
		return -ERANGE;
	struct EventGroup *group = heap_allocate(
	    timeout, heapCapability, sizeof *group + threads * sizeof(struct Waiter), AllocateWaitAny);
	*outGroup = group;
	if (!cheri_tag_get(group))
		return -ENOMEM;
	group->waiterCount = threads;
	return 0;
}

/* Wait in a slot whose wish was not fulfilled by `seen`. */
static int wait_in(struct Waiter *waiter, TimeoutArgument timeout, uint32_t seen)
{
	int result = 0;
	while (result == 0 && waiter->word == seen)
		result = word_wait(timeout, ONE_WORD(&waiter->word), seen, FutexNone);
	return result;
}

int eventgroup_wait(TimeoutArgument timeout, struct EventGroup *group, uint32_t *outBits, uint32_t bitsWanted,
                    _Bool waitForAll, _Bool clearOnExit)
{
	if (bitsWanted & ~ALL_BITS)
		return -ERANGE;
	if (!take(timeout, group))
		return -ETIMEDOUT;
	uint32_t wanted = bitsWanted | (waitForAll ? WANTS_ALL : 0) | (clearOnExit ? CLEARS : 0);
	uint32_t bits = group->bits;
	if (fulfilled(bits, wanted)) {
		if (clearOnExit)
			group->bits = bits & ~bitsWanted;
		*outBits = bits;
		release(group);
		return 0;
	}
	struct Waiter *waiter = &group->waiters[thread_id_get() - 1];
	waiter->wanted = wanted;
	waiter->word = bits;
	release(group);
	int result = wait_in(waiter, timeout, bits);
	if (result == 0) {
		*outBits = waiter->word;
		return 0;
	}
	waiter->wanted = 0;
	if (result == -ETIMEDOUT)
		*outBits = group->bits;
	return result;
}

int eventgroup_set(TimeoutArgument timeout, struct EventGroup *group, uint32_t *outBits, uint32_t bitsToSet)
{
	if (!take(timeout, group)) {
		*outBits = group->bits;
		return -ETIMEDOUT;
	}
	uint32_t bits = group->bits | bitsToSet, cleared = 0;
	group->bits = bits;
	for (uint32_t i = 0; i < group->waiterCount; i++) {
		struct Waiter *waiter = &group->waiters[i];
		uint32_t wanted = waiter->wanted;
		if (!fulfilled(bits, wanted))
			continue;
		if (wanted & CLEARS)
			cleared |= wanted & ALL_BITS & bits;
		satisfy(waiter, bits);
	}
	group->bits &= ~cleared;
	*outBits = group->bits;
	release(group);
	return 0;
}

int eventgroup_clear(TimeoutArgument timeout, struct EventGroup *group, uint32_t *outBits, uint32_t bitsToClear)
{
	bool taken = take(timeout, group);
	if (taken)
		group->bits &= ~bitsToClear;
	*outBits = group->bits;
	if (!taken)
		return -ETIMEDOUT;
	release(group);
	return 0;
}

int eventgroup_get(struct EventGroup *group, uint32_t *outBits)
{
	*outBits = group->bits;
	return 0;
}

/* Who waits for the lock fails; who waits for bits goes on as if it had got them. */
int eventgroup_destroy_force(AllocatorCapability heapCapability, struct EventGroup *group)
{
	flaglock_upgrade_for_destruction(ONE_WORD(&group->lock));
	for (uint32_t i = 0; i < group->waiterCount; i++)
		satisfy(&group->waiters[i], group->waiters[i].wanted & ALL_BITS);
	return heap_free(heapCapability, group);
}

int eventgroup_destroy(AllocatorCapability heapCapability, struct EventGroup *group)
{
	if (!take((TimeoutArgument){TimeoutWaitForever}, group))
		__builtin_trap();
	return eventgroup_destroy_force(heapCapability, group);
}
