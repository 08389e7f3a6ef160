/* A small allocator. Freed memory is painted in the revocation bitmap at once, so that no capability to it can be
   loaded any more. It is used again only when memory runs out, after a sweep (by the revoker, or by this allocator
   where there is none) has removed every capability to it. */
#include <cheri.h>
#include <platform.h>
#include <stdlib.h>
#include <string.h>

enum { HEAP_BASE = 0x20040000, BITMAP = 0x200FE000, BITMAP_BYTES = 0x1000, GRANULE = 8 };

/* In front of every chunk; its granule stays painted, so no capability to a user's object is based on it. */
struct chunk {
	uint32_t size; /* of chunk and header */
	uint32_t state;
};
enum { FREE = 0x46524545, USED = 0x55534544, QUARANTINED = 0x51554152 };

extern void *__heap_memory;
static char *heap;
static ptraddr_t heap_base, heap_end;
static volatile uint32_t *bitmap;

static struct chunk *chunk_at(ptraddr_t address)
{
	return (struct chunk *)__builtin_cheri_address_set(heap, address);
}

static void paint(ptraddr_t from, ptraddr_t to, int freed)
{
	for (ptraddr_t at = from; at < to;) {
		uint32_t bit = (at - HEAP_BASE) / GRANULE;
		uint32_t first = bit & 31, count = (to - at) / GRANULE;
		if (count > 32 - first)
			count = 32 - first;
		uint32_t mask = (count == 32 ? 0xFFFFFFFF : (1u << count) - 1) << first;
		if (freed)
			bitmap[bit / 32] |= mask;
		else
			bitmap[bit / 32] &= ~mask;
		at += count * GRANULE;
	}
}

static void start(void)
{
	heap = __heap_memory;
	heap_base = cheri_base_get(heap) + GRANULE; /* the first granule is the heap's own base: never painted */
	heap_end = cheri_base_get(heap) + cheri_length_get(heap);
	bitmap = (volatile uint32_t *)device_registers(BITMAP, BITMAP_BYTES);
	struct chunk *all = chunk_at(heap_base);
	all->size = heap_end - heap_base;
	all->state = FREE;
	paint(heap_base, heap_base + sizeof(struct chunk), 1);
}

/* Load and store back every capability in memory: the load filter takes the tag of those to painted granules. */
static void sweep(char *memory)
{
	size_t length = cheri_length_get(memory);
	void **at = (void **)__builtin_cheri_address_set(memory, cheri_base_get(memory));
	for (size_t done = 0; done + 8 <= length; done += 8, at++) {
		void *value = *at;
		*at = value;
	}
}

static void revoke(void)
{
	__asm__ volatile("" : : : "cs0", "cs1"); /* what the callers keep there goes to the stack, and through the filter */
	sweep(heap);
	sweep(__builtin_cheri_global_data_get());
	sweep(__builtin_cheri_stack_get());
	for (ptraddr_t at = heap_base; at < heap_end; at += chunk_at(at)->size)
		if (chunk_at(at)->state == QUARANTINED) {
			struct chunk *chunk = chunk_at(at);
			chunk->state = FREE;
			paint(at + sizeof *chunk, at + chunk->size, 0);
		}
	for (ptraddr_t at = heap_base; at < heap_end;) {
		struct chunk *chunk = chunk_at(at);
		ptraddr_t next = at + chunk->size;
		if (chunk->state == FREE && next < heap_end && chunk_at(next)->state == FREE) {
			paint(next, next + sizeof *chunk, 0);
			chunk->size += chunk_at(next)->size;
		} else
			at = next;
	}
}

/* A capability to `length` bytes in a chunk whose body has `size`, based where `mask` allows. */
static void *take(size_t size, size_t length, ptraddr_t mask)
{
	for (ptraddr_t at = heap_base; at < heap_end; at += chunk_at(at)->size) {
		struct chunk *chunk = chunk_at(at);
		if (chunk->state != FREE)
			continue;
		ptraddr_t body = at + sizeof *chunk, end = at + chunk->size;
		ptraddr_t from = (body + ~mask) & mask;
		if (from < body || from > end || end - from < size)
			continue;
		if (from != body) { /* what lies in front stays a free chunk */
			ptraddr_t header = from - sizeof *chunk;
			chunk->size = header - at;
			chunk = chunk_at(header);
			chunk->size = end - header;
			chunk->state = FREE;
			paint(header, from, 1);
			at = header;
		}
		if (end - from - size >= 2 * sizeof *chunk) {
			struct chunk *rest = chunk_at(from + size);
			rest->size = end - from - size;
			rest->state = FREE;
			paint(from + size, from + size + sizeof *rest, 1);
			chunk->size = from + size - at;
		}
		chunk->state = USED;
		void *object = __builtin_cheri_address_set(heap, from);
		return __builtin_cheri_bounds_set_exact(object, length);
	}
	return NULL;
}

void *malloc(size_t size)
{
	if (!heap)
		start();
	size_t length = cheri_representable_length(size);
	ptraddr_t mask = cheri_representable_alignment_mask(size) & -GRANULE;
	size_t rounded = (length + GRANULE - 1) & -GRANULE;
	if (rounded < size)
		return NULL;
	if (!rounded)
		rounded = GRANULE;
	void *object = take(rounded, length, mask);
	if (!object) {
		revoke();
		object = take(rounded, length, mask);
	}
	if (object)
		memset(object, 0, length);
	return object;
}

void *calloc(size_t count, size_t size)
{
	if (size && count > 0xFFFFFFFF / size)
		return NULL;
	return malloc(count * size);
}

void free(void *memory)
{
	if (!memory)
		return;
	ptraddr_t base = cheri_base_get(memory);
	if (!cheri_tag_get(memory) || base < heap_base || base >= heap_end || cheri_address_get(memory) != base)
		abort();
	struct chunk *chunk = chunk_at(base - sizeof *chunk);
	if (chunk->state != USED)
		abort();
	chunk->state = QUARANTINED;
	paint(base, base - sizeof *chunk + chunk->size, 1);
}

void *realloc(void *memory, size_t size)
{
	void *fresh = malloc(size);
	if (fresh && memory) {
		size_t old = cheri_length_get(memory);
		memcpy(fresh, memory, old < size ? old : size);
		free(memory);
	}
	return fresh;
}
