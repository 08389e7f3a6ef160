#include "allocate.h"

#include "hazards.h"
#include "lock.h"
#include "quarantine.h"
#include "report.h"
#include "revoker.h"

#include <cheri.h>
#include <errno.h>
#include <timeout_helpers.h>

enum { ReleasesPerAttempt = 4 };

int allocate_attempt(struct Quota *quota, uint32_t request, Place keep)
{
	hazards_recheck(keep);
	uint32_t usable = usable_size(request);
	if (usable == 0 || usable > heap.total)
		return RefusedForever;
	if (usable > quota->left)
		return RefusedQuota;
	chunks_release(ReleasesPerAttempt);
	struct Fit fit;
	if (chunks_fit(request, &fit)) {
		if (fit.size > quota->left)
			return RefusedQuota;
		chunks_carve(&fit);
		quota->left -= fit.size;
		return fit.at;
	}
	if (heap.quarantine != NOWHERE) {
		revoker_kick();
		if (heap.quarantined_bytes + heap.free_bytes >= usable + HEADER)
			return RefusedRevocation;
	}
	return usable + HEADER > heap.total ? RefusedForever : RefusedFull;
}

/* What to do about a refusal: wait (0) or give up with a code. */
static int verdict(enum Refusal refusal, uint32_t flags, bool patient)
{
	uint32_t flag;
	int code = -ENOMEM;
	switch (refusal) {
	case RefusedRevocation:
		flag = AllocateWaitRevocationNeeded;
		code = -EAGAIN;
		break;
	case RefusedQuota:
		flag = AllocateWaitQuotaExceeded;
		break;
	case RefusedFull:
		flag = AllocateWaitHeapFull;
		break;
	default:
		return -EINVAL;
	}
	if (!(flags & flag))
		return code;
	return patient ? 0 : -ETIMEDOUT;
}

/* The place of a chunk, or a negative code. `held` says whether the lock is still held. */
static int allocate_patiently(TimeoutArgument timeout, struct Quota *quota, uint32_t request, uint32_t flags,
                              bool *held)
{
	for (;;) {
		int outcome = allocate_attempt(quota, request, NOWHERE);
		if (outcome >= 0)
			return outcome;
		int code = verdict(outcome, flags, timeout_may_block(timeout));
		if (code)
			return code;
		if (outcome == RefusedRevocation)
			*held = chunks_release(ReleasesPerAttempt) || quarantine_wait_for_oldest(timeout);
		else
			*held = lock_sleep_until_free(timeout);
		if (!*held || !timeout_may_block(timeout))
			return -ETIMEDOUT;
	}
}

void *allocate(TimeoutArgument timeout, struct Quota *quota, uint32_t request, uint32_t flags, bool sealed)
{
	bool held = true;
	int at = allocate_patiently(timeout, quota, request, flags, &held);
	void *result = (void *)(uintptr_t)at;
	uint32_t charge = 0;
	if (at >= 0) {
		struct Chunk *chunk = chunk_at(at);
		chunk->kind = ChunkObject;
		chunk->sealed = sealed;
		chunk->owner = quota->identity;
		chunk->link = NOWHERE;
		charge = chunk_bytes(at);
		result = chunk_object(at);
	}
	report_alloc(quota, request, charge, result);
	if (held)
		lock_release();
	return result;
}

/* ---- exports */

static void *failed(int code)
{
	return (void *)code;
}

static void *allocate_for(TimeoutArgument timeout, AllocatorCapability handle, uint32_t count, uint32_t size,
                          uint32_t flags)
{
	if (!limit_admit(&timeout))
		return failed(-EINVAL);
	int code = lock_acquire();
	if (code)
		return failed(code);
	struct Quota *quota = quota_open(handle, AllocatorPermitAllocate);
	uint64_t request = (uint64_t)count * size;
	if (!quota || request > UINT32_MAX) {
		lock_release();
		return failed(quota ? -EINVAL : -EPERM);
	}
	return allocate(timeout, quota, request, flags, false);
}

void *heap_allocate(TimeoutArgument timeout, AllocatorCapability quota, size_t size, uint32_t flags)
{
	return allocate_for(timeout, quota, 1, size, flags);
}

void *heap_allocate_array(TimeoutArgument timeout, AllocatorCapability quota, size_t count, size_t size,
                          uint32_t flags)
{
	return allocate_for(timeout, quota, count, size, flags);
}

int heap_quota_remaining(AllocatorCapability handle)
{
	int code = lock_acquire();
	if (code)
		return code;
	struct Quota *quota = quota_open(handle, AllocatorPermitNone);
	int left = quota ? (int)quota->left : -EPERM;
	lock_release();
	return left;
}

size_t heap_available(void)
{
	chunks_prepare();
	return heap.free_bytes;
}

int heap_render(void)
{
	return 0;
}
