#include "bitmap.h"

#include <compartment-macros.h>

#ifndef REVOCABLE_MEMORY_START
#error "REVOCABLE_MEMORY_START, the address that bit 0 of the bitmap stands for, is not defined"
#endif

enum { BITS = 32 };

static volatile uint32_t *words(void)
{
	return MMIO_CAPABILITY(uint32_t, shadow);
}

static uint32_t bit_of(ptraddr_t address)
{
	return (address - REVOCABLE_MEMORY_START) / GRANULE;
}

/* The lowest `count` bits, 0 to 32. */
static uint32_t low_bits(uint32_t count)
{
	return count >= BITS ? UINT32_MAX : (1U << count) - 1;
}

static void change(ptraddr_t start, ptraddr_t end, bool painted)
{
	volatile uint32_t *bitmap = words();
	uint32_t first = bit_of(start), limit = bit_of(end);
	while (limit > first) {
		uint32_t word = (limit - 1) / BITS;
		uint32_t from = word == first / BITS ? first % BITS : 0;
		uint32_t mask = low_bits(limit - word * BITS) & ~low_bits(from);
		if (painted)
			bitmap[word] |= mask;
		else
			bitmap[word] &= ~mask;
		limit = word * BITS + from;
	}
}

void bitmap_paint(ptraddr_t start, ptraddr_t end)
{
	change(start, end, true);
}

void bitmap_clear(ptraddr_t start, ptraddr_t end)
{
	change(start, end, false);
}

bool bitmap_is_painted(ptraddr_t address)
{
	uint32_t bit = bit_of(address);
	return words()[bit / BITS] >> bit % BITS & 1;
}

ptraddr_t bitmap_last_painted(ptraddr_t start, ptraddr_t end)
{
	volatile uint32_t *bitmap = words();
	uint32_t first = bit_of(start), limit = bit_of(end);
	while (limit > first) {
		uint32_t word = (limit - 1) / BITS;
		uint32_t found = bitmap[word] & low_bits(limit - word * BITS);
		if (found) {
			uint32_t bit = word * BITS + BITS - 1 - __builtin_clz(found);
			return bit < first ? start : start + (bit - first) * GRANULE;
		}
		limit = word * BITS;
	}
	return start;
}
