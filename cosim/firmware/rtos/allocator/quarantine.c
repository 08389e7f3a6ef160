#include "quarantine.h"

#include "chunks.h"
#include "lock.h"
#include "revoker.h"

#include <allocator.h>
#include <cheri.h>
#include <errno.h>
#include <futex.h>
#include <interrupt.h>
#include <thread.h>
#include <timeout_helpers.h>

#if REVOKER_INTERRUPT
const volatile uint32_t *revoker_word; /* counts completed sweeps */

/* Without the lock: sleep until the revoker's interrupt has told of enough sweeps. */
static bool await_interrupt(TimeoutArgument timeout, uint32_t epoch)
{
	if (!cheri_tag_get(revoker_word))
		revoker_word = interrupt_futex_get(STATIC_SEALED_VALUE(allocator.revoker));
	const volatile uint32_t *word = revoker_word;
	while (cheri_tag_get(word)) {
		uint32_t seen = *word;
		revoker()->interrupt_enable = 1;
		if (revoker_has_finished(epoch))
			return true;
		revoker_kick();
		if (futex_timed_wait(timeout, cheri_permissions_and(word, CHERI_PERM_LOAD), seen, FutexNone))
			break;
	}
	return false;
}

bool quarantine_wait(TimeoutArgument timeout, uint32_t epoch)
{
	lock_release();
	return await_interrupt(timeout, epoch) && lock_acquire_within(timeout) == 0;
}
#else
bool quarantine_wait(TimeoutArgument timeout, uint32_t epoch)
{
	while (!revoker_has_finished(epoch)) {
		revoker_kick();
		lock_release();
		Timeout nap = one_tick();
		if (!timeout_may_block(timeout) || thread_sleep(&nap, 0) < 0)
			return false;
		timeout_elapse(timeout, nap.elapsed);
		if (lock_acquire_within(timeout))
			return false;
	}
	return true;
}
#endif

bool quarantine_wait_for_oldest(TimeoutArgument timeout)
{
	return quarantine_wait(timeout, *(uint32_t *)chunk_body(heap.quarantine));
}

int heap_quarantine_flush(TimeoutArgument timeout)
{
	if (!limit_admit(&timeout))
		return -EINVAL;
	int code = lock_acquire_within(timeout);
	if (code)
		return code;
	uint32_t epoch = revoker_epoch_of_free();
	chunks_release(UINT32_MAX);
	if (heap.quarantine != NOWHERE) {
		if (!quarantine_wait(timeout, epoch))
			return -ETIMEDOUT;
		chunks_release(UINT32_MAX);
	}
	lock_release();
	return 0;
}
