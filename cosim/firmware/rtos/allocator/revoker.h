/* The revoker: hardware that walks memory and removes every capability whose base lies in painted memory. Its epoch is
   odd during a sweep and moves on when one begins and when it ends. */
#pragma once

#include <compartment-macros.h>
#include <stdbool.h>
#include <stdint.h>

#if REVOKER_SOFTWARE
#error "this allocator needs a hardware revoker: describe the system's revoker as one with an interrupt, or as polled"
#endif

extern const char __revocation_start[], __heap_end[];

struct Revoker {
	uint32_t start, end;
	uint32_t go; /* any store starts a sweep unless one runs */
	uint32_t epoch;
	uint32_t interrupt_status, interrupt_enable;
};

static inline volatile struct Revoker *revoker(void)
{
	return MMIO_CAPABILITY(struct Revoker, revoker);
}

static inline void revoker_prepare(void)
{
	revoker()->start = (uint32_t)__revocation_start;
	revoker()->end = (uint32_t)__heap_end;
}

static inline uint32_t revoker_epoch(void)
{
	return revoker()->epoch;
}

static inline void revoker_kick(void)
{
	revoker()->go = 1;
}

/* The epoch that memory freed now belongs to: a sweep that runs already may have passed it by. */
static inline uint32_t revoker_epoch_of_free(void)
{
	uint32_t epoch = revoker_epoch();
	return epoch + (epoch & 1);
}

/* Has a whole sweep gone by since this (even) epoch? Epochs wrap. */
static inline bool revoker_has_finished(uint32_t epoch)
{
	return (int32_t)(revoker_epoch() - epoch) >= 2;
}
