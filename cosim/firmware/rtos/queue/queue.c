/* Queues from creation to deletion, and as sources of a multiwaiter. */
#include "endpoint.h"
#include <errno.h>

#define MOST_ELEMENTS 0x0FFFFFFFU
#define ALWAYS_FIRES 0xFFFFFFFFU /* no counter */

ssize_t queue_allocation_size(size_t elementSize, size_t elementCount)
{
	uint64_t size = (uint64_t)elementSize * elementCount + sizeof(struct MessageQueue);
	if (elementCount > MOST_ELEMENTS || size > UINT32_MAX)
		return -EINVAL;
	return (ssize_t)size; /* one that reads as negative is refused by queue_create() */
}

int queue_create(TimeoutArgument timeout, AllocatorCapability heapCapability, struct MessageQueue **outQueue,
                 size_t elementSize, size_t elementCount)
{
	ssize_t size = queue_allocation_size(elementSize, elementCount);
	if (size < 0)
		return -EINVAL;
	struct MessageQueue *queue = heap_allocate(timeout, heapCapability, size, AllocateWaitAny);
	if (!cheri_tag_get(queue))
		return -ENOMEM;
	queue->elementSize = elementSize;
	queue->queueSize = elementCount;
	*outQueue = queue;
	return 0;
}

int queue_items_remaining(struct MessageQueue *queue, size_t *items)
{
	*items = items_of(queue);
	return 0;
}

/* Everybody is woken, also who waits on the other endpoint's word without having said so. */
int queue_stop(struct MessageQueue *queue)
{
	Endpoint producer = producer_of(queue), consumer = consumer_of(queue);
	endpoint_change(producer, 0, STOPPED);
	endpoint_change(consumer, 0, STOPPED);
	word_notify(producer, WAKE_ALL);
	word_notify(consumer, WAKE_ALL);
	return 0;
}

int queue_destroy(AllocatorCapability heapCapability, struct MessageQueue *queue)
{
	int result = heap_can_free(heapCapability, queue);
	if (result)
		return result;
	queue_stop(queue);
	return heap_free(heapCapability, queue);
}

int queue_delete(AllocatorCapability heapCapability, struct MessageQueue *queue)
{
	return queue_destroy(heapCapability, queue);
}

int queue_reset(TimeoutArgument timeout, struct MessageQueue *queue)
{
	Endpoint producer = producer_of(queue), consumer = consumer_of(queue);
	if (!endpoint_lock(timeout, producer))
		return -ETIMEDOUT;
	if (!endpoint_lock(timeout, consumer)) {
		endpoint_unlock(producer);
		return -ETIMEDOUT;
	}
	endpoint_change(producer, COUNTER | LOCKED | WAITERS, 0);
	endpoint_change(consumer, COUNTER | LOCKED | WAITERS, 0);
	word_notify(producer, WAKE_ALL);
	word_notify(consumer, WAKE_ALL);
	return 0;
}

/* The word that the other side moves, read-only. If there is no need to wait the source fires at once. */
static int source_init(struct EventWaiterSource *source, Endpoint word, bool waits)
{
	source->eventSource = (void *)cheri_permissions_and(word, CHERI_PERM_GLOBAL | CHERI_PERM_LOAD);
	source->value = waits ? *word & COUNTER : ALWAYS_FIRES;
	return 0;
}

int multiwaiter_queue_send_init(struct EventWaiterSource *source, struct MessageQueue *queue)
{
	return source_init(source, consumer_of(queue), items_of(queue) == queue->queueSize);
}

int multiwaiter_queue_receive_init(struct EventWaiterSource *source, struct MessageQueue *queue)
{
	return source_init(source, producer_of(queue), items_of(queue) == 0);
}
