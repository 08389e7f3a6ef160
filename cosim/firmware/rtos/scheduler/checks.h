/* Checks of pointers that come from callers. */
#pragma once

#include <cheri.h>

/* Tagged, unsealed, with these permissions, `space` bytes from its address on, and nowhere on the scheduler's own part
   of the stack. */
static inline bool pointer_is_usable(const volatile void *pointer, uint32_t permissions, size_t space)
{
	const void *stack = cheri_stack_get();
	ptraddr_t base = cheri_base_get(pointer), address = cheri_address_get(pointer);
	size_t length = cheri_length_get(pointer);
	bool reaches = address >= base && length >= space && address - base <= length - space;
	bool overlaps = cheri_base_get(stack) - base < length || base - cheri_base_get(stack) < cheri_length_get(stack);
	return cheri_tag_get(pointer) && cheri_is_unsealed(pointer) &&
	       (cheri_permissions_get(pointer) & permissions) == permissions && reaches && !overlaps;
}

static inline bool is_word_aligned(const volatile void *pointer)
{
	return cheri_address_get(pointer) % sizeof(uint32_t) == 0;
}
