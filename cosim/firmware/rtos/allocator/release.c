#include "release.h"

#include "claims.h"
#include "hazards.h"
#include "lock.h"
#include "report.h"

#include <cheri.h>
#include <errno.h>

static bool covers(const void *pointer, Place object)
{
	const void *whole = chunk_object(object);
	return cheri_base_get(pointer) == cheri_base_get(whole) && cheri_length_get(pointer) == cheri_length_get(whole);
}

/* Take the quota's ownership, or one or all of its claims, from an object. */
static void drop(Place object, struct Quota *quota, bool as_owner, bool all)
{
	const void *whole = chunk_object(object);
	struct Chunk *chunk = chunk_at(object);
	enum ObserveAction action = as_owner ? ObserveOwnerDropped : ObserveClaimDropped;
	if (as_owner) {
		chunk->owner = 0;
		quota->left += chunk_bytes(object);
	} else {
		claims_drop(object, quota, all);
	}
	if (!chunk->owner && chunk->link == NOWHERE)
		action = hazards_end(object) ? ObserveFreed : ObserveDeferredHazard;
	report_free(quota, whole, action);
}

static bool owns(const struct Quota *quota, Place object)
{
	return chunk_at(object)->owner == quota->identity;
}

int release(AllocatorCapability handle, const void *pointer, bool trial)
{
	struct Quota *quota = quota_open(handle, AllocatorPermitNone);
	Place object = NOWHERE;
	if (quota && cheri_tag_get(pointer) && cheri_is_unsealed(pointer))
		object = chunks_find(cheri_base_get(pointer));
	int code = 0;
	bool as_owner = false;
	if (!quota)
		code = -EPERM;
	else if (object == NOWHERE)
		code = -EINVAL;
	else {
		as_owner = owns(quota, object) && covers(pointer, object);
		if (!as_owner && !claims_find(object, quota))
			code = -EPERM;
	}
	if (trial)
		return code;
	if (code)
		report_free(quota, object == NOWHERE ? NULL : pointer, ObserveRefused);
	else
		drop(object, quota, as_owner, false);
	return code;
}

int heap_free(AllocatorCapability handle, void *object)
{
	int code = lock_acquire();
	if (code)
		return code;
	code = release(handle, object, false);
	if (code == 0)
		lock_wake_sleepers();
	lock_release();
	return code;
}

int heap_can_free(AllocatorCapability handle, void *object)
{
	int code = lock_acquire();
	if (code)
		return code;
	code = release(handle, object, true);
	lock_release();
	return code;
}

/* An object that is being released stays a chunk of its own: what follows it can be found after the release. */
static int release_all(struct Quota *quota)
{
	int freed = 0;
	Place end = heap.total / GRANULE;
	for (Place at = 0; at < end; at += chunk_at(at)->size) {
		struct Chunk *chunk = chunk_at(at);
		if (chunk->kind != ChunkObject || chunk->sealed)
			continue;
		bool as_owner = owns(quota, at);
		if (!as_owner && !claims_find(at, quota))
			continue;
		freed += chunk_bytes(at);
		drop(at, quota, as_owner, true);
	}
	return freed;
}

int heap_free_all(AllocatorCapability handle)
{
	int freed = lock_acquire();
	if (freed)
		return freed;
	struct Quota *quota = quota_open(handle, AllocatorPermitFreeAll);
	freed = quota ? release_all(quota) : -EPERM;
	if (freed > 0)
		lock_wake_sleepers();
	lock_release();
	return freed;
}
