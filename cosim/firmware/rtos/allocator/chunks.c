#include "chunks.h"

#include "revoker.h"

#include <cheri.h>

struct Heap heap;

/* ---- places and addresses */

struct Chunk *chunk_at(Place at)
{
	return (struct Chunk *)(heap.memory + at * GRANULE);
}

ptraddr_t chunk_address(Place at)
{
	return heap.start + at * GRANULE;
}

static Place place_of(ptraddr_t address)
{
	return (address - heap.start) / GRANULE;
}

uint32_t chunk_bytes(Place at)
{
	return chunk_at(at)->size * GRANULE;
}

void *chunk_body(Place at)
{
	return heap.memory + at * GRANULE + HEADER;
}

static void paint_header(Place at)
{
	if (at) /* that of the first chunk is the base of the heap's own capability */
		bitmap_paint(chunk_address(at), chunk_address(at) + HEADER);
}

/* ---- free chunks: `link` is the next in the list, `owner` the one before */

static void list_free(Place at, uint32_t bytes)
{
	struct Chunk *chunk = chunk_at(at);
	chunk->size = bytes / GRANULE;
	chunk->kind = ChunkFree;
	chunk->sealed = false;
	chunk->owner = NOWHERE;
	chunk->link = heap.free;
	if (heap.free != NOWHERE)
		chunk_at(heap.free)->owner = at;
	heap.free = at;
}

static void unlist_free(Place at)
{
	struct Chunk *chunk = chunk_at(at);
	if (chunk->owner == NOWHERE)
		heap.free = chunk->link;
	else
		chunk_at(chunk->owner)->link = chunk->link;
	if (chunk->link != NOWHERE)
		chunk_at(chunk->link)->owner = chunk->owner;
}

__cheriot_interrupts(disabled) void chunks_prepare(void)
{
	if (heap.memory)
		return;
	revoker_prepare();
	heap.memory = SHARED_OBJECT(char, heap);
	heap.start = cheri_base_get(heap.memory);
	heap.total = (cheri_length_get(heap.memory) & -GRANULE) - HEADER;
	heap.free_bytes = heap.total;
	heap.free = heap.quarantine = heap.quarantine_end = heap.deferred = NOWHERE;
	list_free(0, heap.total);
	Place end = heap.total / GRANULE;
	chunk_at(end)->kind = ChunkEnd;
	paint_header(end);
}

/* ---- placement */

uint32_t usable_size(uint32_t request)
{
	return (cheri_representable_length(request) + GRANULE - 1) & -GRANULE;
}

static uint32_t body_alignment(uint32_t request)
{
	uint32_t alignment = -cheri_representable_alignment_mask(request);
	return alignment > GRANULE ? alignment : GRANULE;
}

bool chunks_fit(uint32_t request, struct Fit *fit)
{
	uint32_t need = usable_size(request) + HEADER, alignment = body_alignment(request);
	if (need < SMALLEST)
		need = SMALLEST;
	uint32_t search = need;
	if (alignment > GRANULE)
		search += alignment + SMALLEST + GRANULE;
	Place best = NOWHERE;
	for (Place at = heap.free; at != NOWHERE; at = chunk_at(at)->link) {
		uint32_t size = chunk_bytes(at);
		if (size >= search && (best == NOWHERE || size < chunk_bytes(best) || (size == chunk_bytes(best) && at < best)))
			best = at;
	}
	if (best == NOWHERE)
		return false;
	ptraddr_t first = chunk_address(best);
	ptraddr_t start = ((first + HEADER + alignment - 1) & -alignment) - HEADER;
	if (start != first && start - first < SMALLEST) /* too little to stand alone in front */
		start += alignment;
	uint32_t rest = chunk_bytes(best) - (start - first) - need;
	fit->free = best;
	fit->at = place_of(start);
	fit->size = rest < SMALLEST ? need + rest : need;
	return true;
}

void chunks_carve(const struct Fit *fit)
{
	uint32_t size = chunk_bytes(fit->free), skipped = (fit->at - fit->free) * GRANULE;
	uint32_t rest = size - skipped - fit->size;
	unlist_free(fit->free);
	if (skipped)
		list_free(fit->free, skipped);
	if (rest) {
		Place tail = fit->at + fit->size / GRANULE;
		list_free(tail, rest);
		paint_header(tail);
	}
	paint_header(fit->at);
	chunk_at(fit->at)->size = fit->size / GRANULE;
	heap.free_bytes -= fit->size;
}

/* ---- objects */

void *chunk_object(Place at)
{
	uint32_t length = chunk_bytes(at) - HEADER;
	void *object = cheri_bounds_set_exact(chunk_body(at), length);
	return cheri_tag_get(object) ? object : cheri_bounds_set_exact(chunk_body(at), length - GRANULE);
}

Place chunks_find(ptraddr_t address)
{
	if (address < heap.start + HEADER || address >= heap.start + heap.total || bitmap_is_painted(address))
		return NOWHERE;
	Place at = place_of(bitmap_last_painted(heap.start, address & -GRANULE));
	uint8_t kind = chunk_at(at)->kind;
	return kind == ChunkObject || kind == ChunkDeferred ? at : NOWHERE;
}

/* ---- quarantine: the first word of a body is the epoch of its release */

void chunks_retire(Place at)
{
	struct Chunk *chunk = chunk_at(at);
	void **body = chunk_body(at);
	for (uint32_t granules = chunk->size - 1; granules; granules--)
		*body++ = NULL;
	*(uint32_t *)chunk_body(at) = revoker_epoch_of_free();
	chunk->kind = ChunkQuarantined;
	chunk->sealed = false;
	chunk->owner = 0;
	chunk->link = NOWHERE;
	if (heap.quarantine == NOWHERE)
		heap.quarantine = at;
	else
		chunk_at(heap.quarantine_end)->link = at;
	heap.quarantine_end = at;
	heap.quarantined_bytes += chunk_bytes(at);
}

/* A header inside of free memory is memory like any other. */
static void erase_header(Place at)
{
	*(void **)chunk_at(at) = NULL;
	bitmap_clear(chunk_address(at), chunk_address(at) + HEADER);
}

static void make_free(Place at)
{
	uint32_t bytes = chunk_bytes(at);
	ptraddr_t start = chunk_address(at);
	*(void **)chunk_body(at) = NULL;
	bitmap_clear(start + HEADER, start + bytes);
	heap.free_bytes += bytes;
	Place next = at + bytes / GRANULE;
	if (chunk_at(next)->kind == ChunkFree) {
		bytes += chunk_bytes(next);
		unlist_free(next);
		erase_header(next);
	}
	if (at && !bitmap_is_painted(start - GRANULE)) { /* else the one in front is in quarantine */
		Place before = place_of(bitmap_last_painted(heap.start, start));
		if (chunk_at(before)->kind == ChunkFree) {
			bytes += chunk_bytes(before);
			unlist_free(before);
			erase_header(at);
			at = before;
		}
	}
	list_free(at, bytes);
}

uint32_t chunks_release(uint32_t limit)
{
	uint32_t released = 0;
	while (released < limit && heap.quarantine != NOWHERE &&
	       revoker_has_finished(*(uint32_t *)chunk_body(heap.quarantine))) {
		Place at = heap.quarantine;
		heap.quarantine = chunk_at(at)->link;
		heap.quarantined_bytes -= chunk_bytes(at);
		make_free(at);
		released++;
	}
	return released;
}
