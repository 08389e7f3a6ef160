/* The one atomic operation that everything else here is made of. */
#pragma once

#include <cdefs.h>
#include <stdbool.h>
#include <stdint.h>

/* word.c: `*word` becomes `desired` if it is `expected`; interrupts are disabled in between. */
__cheriot_interrupts(disabled) bool locks_replace(volatile uint32_t *word, uint32_t expected, uint32_t desired);
