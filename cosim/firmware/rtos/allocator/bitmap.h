/* The revocation bitmap: one bit for every 8 bytes of memory. A capability whose base lies in painted memory cannot be
   loaded any more. Headers of chunks are always painted, bodies while they are in quarantine, so the bitmap also tells
   where chunks begin. Addresses are multiples of 8. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GRANULE = 8 };

void bitmap_paint(ptraddr_t start, ptraddr_t end);
void bitmap_clear(ptraddr_t start, ptraddr_t end);
bool bitmap_is_painted(ptraddr_t address);

/* The highest painted granule in [start, end), or `start` if there is none. */
ptraddr_t bitmap_last_painted(ptraddr_t start, ptraddr_t end);
