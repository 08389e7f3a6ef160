/* Ring buffers in memory of the user's, for elements of any type and any number of users at either end: each end has a
   lock of the kind that its users need. No call leaves the compartment unless it has to wait, or to wake. */
#pragma once

#include <cheri.h>
#include <futex_helpers.h>
#include <lock_guard.h>
#include <stdint.h>
#include <string.h>

/* Both counters run freely. The elements follow; a ring of zeros is empty. */
struct RingBuffer {
	volatile uint32_t producer;
	volatile uint32_t consumer;
	uint64_t pushLock; /* room for a lock of any kind */
	uint64_t popLock;
};

/* A ring with its elements; `slots` is a power of two. */
#define RING_BUFFER(type, slots) \
	struct {                     \
		struct RingBuffer ring;  \
		type elements[slots];    \
	}

static inline volatile uint32_t *ring_buffer_word(volatile uint32_t *word)
{
	return cheri_bounds_set(word, sizeof(uint32_t));
}

/* Waits without limit while the ring is full. */
static inline void ring_buffer_push(void *buffer, const void *source, size_t elementSize, size_t slots,
                                    enum LockKind kind)
{
	struct RingBuffer *ring = buffer;
	void *lock = cheri_bounds_set(&ring->pushLock, sizeof ring->pushLock);
	lock_guard_lock(kind, lock);
	uint32_t produced = ring->producer, full = produced - slots;
	while (ring->consumer == full)
		word_wait(TimeoutWaitForever, ring_buffer_word(&ring->consumer), full, FutexNone);
	memcpy((char *)(ring + 1) + produced % slots * elementSize, source, elementSize);
	bool wasEmpty = produced == ring->consumer;
	ring->producer = produced + 1;
	lock_guard_unlock(kind, lock);
	if (wasEmpty)
		word_notify(ring_buffer_word(&ring->producer), WAKE_ALL);
}

/* Waits without limit while the ring is empty. */
static inline void ring_buffer_pop(void *buffer, void *target, size_t elementSize, size_t slots, enum LockKind kind)
{
	struct RingBuffer *ring = buffer;
	void *lock = cheri_bounds_set(&ring->popLock, sizeof ring->popLock);
	lock_guard_lock(kind, lock);
	uint32_t consumed = ring->consumer;
	while (ring->producer == consumed)
		word_wait(TimeoutWaitForever, ring_buffer_word(&ring->producer), consumed, FutexNone);
	memcpy(target, (char *)(ring + 1) + consumed % slots * elementSize, elementSize);
	bool wasFull = ring->producer - consumed == slots;
	ring->consumer = consumed + 1;
	lock_guard_unlock(kind, lock);
	if (wasFull)
		word_notify(ring_buffer_word(&ring->consumer), WAKE_ALL);
}
