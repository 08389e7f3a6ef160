/* The present time. Whoever includes this imports the device "mtime": eight bytes that can only be read. */
#pragma once

#include <compartment-macros.h>
#include <stdint.h>

struct MonotonicCounter {
	uint32_t low, high;
};

/* In timer cycles. */
static inline uint64_t monotonic_time(void)
{
	volatile struct MonotonicCounter *counter =
	    MMIO_CAPABILITY_WITH_PERMISSIONS(struct MonotonicCounter, mtime, true, false, false, false);
	uint32_t high, low;
	do {
		high = counter->high;
		low = counter->low;
	} while (high != counter->high);
	return (uint64_t)high << 32 | low;
}
