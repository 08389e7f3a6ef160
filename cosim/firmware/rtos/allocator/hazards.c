#include "hazards.h"

#include "lock.h"
#include "revoker.h"

#include <cheri.h>

enum { ReleasesPerEnd = 3 };

/* ---- the epoch of scans: odd in its upper half while slots are looked through; no slot changes meanwhile */

static volatile uint32_t *scan_epoch(void)
{
	return SHARED_OBJECT_WITH_PERMISSIONS(uint32_t, allocator_epoch, true, true, false, false);
}

static void scan_begin(void)
{
	*scan_epoch() = ((*scan_epoch() >> 16) + 1) << 16 | lock_holder();
}

static void scan_end(void)
{
	*scan_epoch() = ((*scan_epoch() >> 16) + 1) << 16;
}

static bool is_protected(Place at)
{
	void *const *slots = SHARED_OBJECT_WITH_PERMISSIONS(void *, allocator_hazard_pointers, true, false, true, false);
	ptraddr_t start = chunk_address(at) + HEADER, end = chunk_address(at) + chunk_bytes(at);
	for (size_t count = cheri_length_get(slots) / sizeof(void *); count; count--, slots++) {
		const void *held = *slots;
		if (cheri_tag_get(held) && cheri_is_unsealed(held) && cheri_base_get(held) >= start &&
		    cheri_top_get(held) <= end)
			return true;
	}
	return false;
}

/* ---- the end */

/* From here on no capability to the object can be loaded. */
static void kill(Place at)
{
	bitmap_paint(chunk_address(at) + HEADER, chunk_address(at) + chunk_bytes(at));
}

static void bury(Place at)
{
	chunks_retire(at);
	chunks_release(ReleasesPerEnd);
	if (heap.quarantined_bytes > heap.free_bytes / 4 || (heap.quarantined_bytes && heap.free_bytes < heap.total / 8))
		revoker_kick();
}

/* ---- deferred objects */

static void defer(Place at)
{
	chunk_at(at)->kind = ChunkDeferred;
	chunk_at(at)->link = NOWHERE;
	if (heap.deferred == NOWHERE) {
		heap.deferred = at;
		return;
	}
	Place last = heap.deferred;
	while (chunk_at(last)->link != NOWHERE)
		last = chunk_at(last)->link;
	chunk_at(last)->link = at;
}

static void forget(Place at)
{
	Place next = chunk_at(at)->link;
	if (heap.deferred == at) {
		heap.deferred = next;
		return;
	}
	Place before = heap.deferred;
	while (chunk_at(before)->link != at)
		before = chunk_at(before)->link;
	chunk_at(before)->link = next;
}

void hazards_revive(Place object)
{
	forget(object);
	chunk_at(object)->kind = ChunkObject;
	chunk_at(object)->link = NOWHERE;
}

void hazards_recheck(Place keep)
{
	if (heap.deferred == NOWHERE)
		return;
	scan_begin();
	for (Place at = heap.deferred; at != NOWHERE; at = chunk_at(at)->link)
		if (at != keep && !is_protected(at))
			kill(at);
	scan_end();
	for (Place at = heap.deferred, next; at != NOWHERE; at = next) {
		next = chunk_at(at)->link;
		if (bitmap_is_painted(chunk_address(at) + HEADER)) {
			forget(at);
			bury(at);
		}
	}
}

bool hazards_end(Place object)
{
	hazards_recheck(object);
	scan_begin();
	bool deferred = is_protected(object);
	if (!deferred)
		kill(object);
	scan_end();
	if (deferred)
		defer(object);
	else
		bury(object);
	return !deferred;
}

void hazards_end_record(Place record)
{
	hazards_recheck(NOWHERE);
	kill(record);
	bury(record);
}
