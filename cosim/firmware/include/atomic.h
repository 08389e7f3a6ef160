/* Read-modify-write that nothing interrupts. The core has no atomic instructions and one hart: interrupts are off
   for the few instructions in between. Each returns the value before. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

uint32_t atomic_fetch_add_u32(volatile uint32_t *where, uint32_t value);
uint32_t atomic_fetch_sub_u32(volatile uint32_t *where, uint32_t value);
uint32_t atomic_fetch_and_u32(volatile uint32_t *where, uint32_t value);
uint32_t atomic_fetch_or_u32(volatile uint32_t *where, uint32_t value);
uint32_t atomic_fetch_xor_u32(volatile uint32_t *where, uint32_t value);
uint32_t atomic_exchange_u32(volatile uint32_t *where, uint32_t value);
bool atomic_compare_exchange_u32(volatile uint32_t *where, uint32_t *expected, uint32_t desired);
