/* A queue's two words. The producer's belongs to the senders, the consumer's to the receivers; each carries the lock of
   its endpoint, which a thread keeps while it waits for room or for elements. */
#pragma once

#include <cdefs.h>
#include <cheri.h>
#include <futex_helpers.h>
#include <queue.h>
#include <stdbool.h>

#define LOCKED (1U << 31)
#define WAITERS (1U << 30)
#define STOPPED (1U << 29)
#define COUNTER (STOPPED - 1)

typedef volatile uint32_t *Endpoint; /* a pointer to one of the words and nothing else */

static inline Endpoint producer_of(struct MessageQueue *queue)
{
	return cheri_bounds_set(&queue->producer, sizeof(uint32_t));
}

static inline Endpoint consumer_of(struct MessageQueue *queue)
{
	return cheri_bounds_set(&queue->consumer, sizeof(uint32_t));
}

static inline size_t items_of(const struct MessageQueue *queue)
{
	uint32_t produced = queue->producer & COUNTER, consumed = queue->consumer & COUNTER;
	return produced >= consumed ? produced - consumed : produced - consumed + 2 * queue->queueSize;
}

/* endpoint.c: the change of a word is atomic. */
uint32_t endpoint_change(Endpoint word, uint32_t clear, uint32_t set);
void endpoint_advance(Endpoint word, uint32_t by, uint32_t modulus);
bool endpoint_lock(TimeoutArgument timeout, Endpoint word);
void endpoint_unlock(Endpoint word);
