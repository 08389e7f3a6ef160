/* The heap as chunks: a header of 8 bytes and a body each. Here is decided where an object lies and what it costs;
   quotas and waiting are elsewhere. Everything needs the allocator's lock.

   The body of a free chunk is all zero. The allocator reaches headers and bodies through the one capability to the
   whole heap, whose base is never painted: a capability to a header alone would die when a thread is preempted. */
#pragma once

#include "bitmap.h"

enum { HEADER = 8, SMALLEST = 16, NOWHERE = 0xFFFF };

typedef uint16_t Place; /* of a chunk: granules from the start of the heap */

enum ChunkKind {
	ChunkFree = 1,
	ChunkObject,
	ChunkDeferred, /* an object that nobody owns or claims, kept alive by a hazard slot */
	ChunkRecord, /* of a claim */
	ChunkQuarantined,
	ChunkEnd, /* a header behind the last chunk */
};

struct Chunk {
	uint16_t size; /* in granules, header included */
	uint8_t kind;
	bool sealed; /* an object with a token's header */
	uint16_t owner; /* an object's: the identity of a quota, 0 for none */
	Place link; /* an object's newest claim; otherwise the next in the list of its kind */
};

struct ClaimRecord { /* the body of a ChunkRecord */
	uint16_t identity; /* of the quota that claims */
	Place next; /* claim of the same object */
	uint32_t count;
};

struct Heap {
	char *memory;
	ptraddr_t start;
	uint32_t total; /* bytes in chunks */
	uint32_t free_bytes, quarantined_bytes;
	Place free; /* chunks, in no order */
	Place quarantine, quarantine_end; /* oldest first */
	Place deferred; /* oldest first */
};
extern struct Heap heap;

/* What a request becomes: free chunk, start of the chunk in it, and its size in bytes, which is the charge. */
struct Fit {
	Place free, at;
	uint32_t size;
};

/* Make memory a heap, if it is none yet. This alone needs no lock. */
void chunks_prepare(void);

struct Chunk *chunk_at(Place at);
ptraddr_t chunk_address(Place at);
uint32_t chunk_bytes(Place at);
void *chunk_body(Place at);

/* The bytes that a request may use: 0 if it is 0 or cannot be represented. */
uint32_t usable_size(uint32_t request);

/* Find the smallest free chunk for a request, of equal ones the lowest. */
bool chunks_fit(uint32_t request, struct Fit *fit);

/* Take what was found out of the free memory. */
void chunks_carve(const struct Fit *fit);

/* The capability to an object's whole body. */
void *chunk_object(Place at);

/* The object or deferred object whose body contains the address, or NOWHERE. */
Place chunks_find(ptraddr_t address);

/* Zero a chunk's body, which is painted already, and put it into quarantine. */
void chunks_retire(Place at);

/* Move up to `limit` finished chunks from quarantine to the free memory: their number. */
uint32_t chunks_release(uint32_t limit);
