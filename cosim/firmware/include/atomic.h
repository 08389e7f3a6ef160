/* Read-modify-write that nothing interrupts. The core has no atomic instructions and one hart: interrupts are off
   for the few instructions in between. Each returns the value before. */
#pragma once

#include <cdefs.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __CHERIOT_COMPARTMENT__
#define ATOMIC __cheriot_interrupts(disabled) /* the unit's own entries, called through sentries */
#else
#define ATOMIC
#endif

ATOMIC uint32_t atomic_fetch_add_u32(volatile uint32_t *where, uint32_t value);
ATOMIC uint32_t atomic_fetch_sub_u32(volatile uint32_t *where, uint32_t value);
ATOMIC uint32_t atomic_fetch_and_u32(volatile uint32_t *where, uint32_t value);
ATOMIC uint32_t atomic_fetch_or_u32(volatile uint32_t *where, uint32_t value);
ATOMIC uint32_t atomic_fetch_xor_u32(volatile uint32_t *where, uint32_t value);
ATOMIC uint32_t atomic_exchange_u32(volatile uint32_t *where, uint32_t value);
ATOMIC bool atomic_compare_exchange_u32(volatile uint32_t *where, uint32_t *expected, uint32_t desired);

#undef ATOMIC
