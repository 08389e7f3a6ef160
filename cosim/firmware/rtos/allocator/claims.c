#include "claims.h"

#include "allocate.h"
#include "hazards.h"
#include "lock.h"
#include "report.h"

#include <allocator.h>
#include <cheri.h>
#include <errno.h>

#define SATURATED UINT32_MAX /* a count that stays for ever */

static struct ClaimRecord *record_at(Place at)
{
	return chunk_body(at);
}

/* The place of this quota's record, or NOWHERE. */
static Place place_of_claim(Place object, const struct Quota *quota)
{
	if (chunk_at(object)->kind != ChunkObject)
		return NOWHERE;
	Place at = chunk_at(object)->link;
	while (at != NOWHERE && record_at(at)->identity != quota->identity)
		at = record_at(at)->next;
	return at;
}

struct ClaimRecord *claims_find(Place object, const struct Quota *quota)
{
	Place at = place_of_claim(object, quota);
	return at == NOWHERE ? NULL : record_at(at);
}

static void unlink_claim(Place object, Place record)
{
	Place next = record_at(record)->next;
	if (chunk_at(object)->link == record) {
		chunk_at(object)->link = next;
		return;
	}
	Place at = chunk_at(object)->link;
	while (record_at(at)->next != record)
		at = record_at(at)->next;
	record_at(at)->next = next;
}

void claims_drop(Place object, struct Quota *quota, bool all)
{
	Place at = place_of_claim(object, quota);
	struct ClaimRecord *record = record_at(at);
	if (record->count != SATURATED)
		record->count--;
	if (record->count && !all)
		return;
	unlink_claim(object, at);
	quota->left += chunk_bytes(object) + chunk_bytes(at);
	hazards_end_record(at);
}

/* The first claim of a quota: false without room, and then nothing has changed. */
static bool claim_first(Place object, struct Quota *quota)
{
	struct Chunk *chunk = chunk_at(object);
	bool owns = chunk->owner == quota->identity;
	uint32_t price = owns ? 0 : chunk_bytes(object);
	if (quota->left < price)
		return false;
	quota->left -= price;
	int at = allocate_attempt(quota, sizeof(struct ClaimRecord), object);
	if (at < 0) {
		quota->left += price;
		return false;
	}
	if (chunk->kind == ChunkDeferred)
		hazards_revive(object);
	chunk_at(at)->kind = ChunkRecord;
	*record_at(at) = (struct ClaimRecord){quota->identity, chunk->link, owns ? 2 : 1};
	chunk->link = at;
	if (owns)
		chunk->owner = 0;
	return true;
}

static int claim(struct Quota *quota, void *pointer)
{
	if (!quota)
		return -EPERM;
	Place object = NOWHERE;
	if (cheri_tag_get(pointer) && cheri_is_unsealed(pointer))
		object = chunks_find(cheri_base_get(pointer));
	if (object == NOWHERE)
		return -EINVAL;
	struct ClaimRecord *record = claims_find(object, quota);
	if (!record) {
		if (!claim_first(object, quota))
			return -ENOMEM;
		record = claims_find(object, quota);
	} else if (record->count != SATURATED) {
		record->count++;
	}
	void *body = chunk_object(object);
	report_claim(quota, body, record->count);
	return cheri_length_get(body);
}

int heap_claim(AllocatorCapability handle, void *pointer)
{
	int code = lock_acquire();
	if (code)
		return code;
	int result = claim(quota_open(handle, AllocatorPermitAllocate), pointer);
	lock_release();
	return result;
}
