/* Sending and receiving: both are a copy between the caller's buffer and the ring, under the lock of an endpoint. */
#include "endpoint.h"
#include <errno.h>
#include <string.h>
#include <unwind.h>

/* What is going on; it outlives a fault in the copy. */
struct Transfer {
	TimeoutArgument timeout;
	struct MessageQueue *queue;
	char *buffer;
	size_t count;
	size_t done;
	int result; /* counts if nothing was done */
	bool sending;
	bool wake; /* the other side may be waiting */
};

/* While the queue is full (or, for a receiver, empty): 0 when it no longer is. */
static int wait_for_other_side(struct Transfer *transfer)
{
	struct MessageQueue *queue = transfer->queue;
	size_t blocked = transfer->sending ? queue->queueSize : 0;
	Endpoint other = transfer->sending ? consumer_of(queue) : producer_of(queue);
	while (items_of(queue) == blocked) {
		uint32_t seen = *other;
		if (seen & STOPPED)
			return -ETIMEDOUT;
		int result = word_wait(transfer->timeout, other, seen, FutexNone);
		if (result)
			return result;
	}
	return 0;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Move as many elements as lie side by side in the ring. */
static void move_some(struct Transfer *transfer)
{
	struct MessageQueue *queue = transfer->queue;
	size_t size = queue->elementSize, count = queue->queueSize, items = items_of(queue);
	Endpoint mine = transfer->sending ? producer_of(queue) : consumer_of(queue);
	uint32_t index = *mine & COUNTER;
	if (index >= count)
		index -= count;
	size_t possible = least(transfer->sending ? count - items : items, count - index);
	size_t number = least(transfer->count - transfer->done, possible);
	char *slot = (char *)(queue + 1) + index * size, *place = transfer->buffer + transfer->done * size;
	memcpy(transfer->sending ? slot : place, transfer->sending ? place : slot, number * size);
	transfer->wake |= items_of(queue) == (transfer->sending ? 0 : count);
	endpoint_advance(mine, number, 2 * count);
	transfer->done += number;
}

static void move(void *argument)
{
	struct Transfer *transfer = argument;
	while (transfer->done < transfer->count) {
		transfer->result = wait_for_other_side(transfer);
		if (transfer->result)
			return;
		move_some(transfer);
	}
}

/* The number of elements moved, or why there were none. */
static int run(struct Transfer *transfer)
{
	struct MessageQueue *queue = transfer->queue;
	Endpoint mine = transfer->sending ? producer_of(queue) : consumer_of(queue);
	if (!endpoint_lock(transfer->timeout, mine))
		return -ETIMEDOUT;
	if (unwind_protect(move, transfer)) {
		transfer->done = 0;
		transfer->result = -EPERM;
	}
	endpoint_unlock(mine);
	if (transfer->wake)
		word_notify(mine, WAKE_ALL);
	return transfer->done ? (int)transfer->done : transfer->result;
}

int queue_send_multiple(TimeoutArgument timeout, struct MessageQueue *queue, const void *source, size_t count)
{
	struct Transfer transfer = {timeout, queue, (char *)source, count, 0, 0, true, false};
	return run(&transfer);
}

int queue_receive_multiple(TimeoutArgument timeout, struct MessageQueue *queue, void *target, size_t count)
{
	struct Transfer transfer = {timeout, queue, target, count, 0, 0, false, false};
	return run(&transfer);
}

/* One element is all or nothing. */
static int single(int moved)
{
	return moved == 1 ? 0 : moved;
}

int queue_send(TimeoutArgument timeout, struct MessageQueue *queue, const void *source)
{
	return single(queue_send_multiple(timeout, queue, source, 1));
}

int queue_receive(TimeoutArgument timeout, struct MessageQueue *queue, void *target)
{
	return single(queue_receive_multiple(timeout, queue, target, 1));
}

int queue_recv(TimeoutArgument timeout, struct MessageQueue *queue, void *target)
{
	return queue_receive(timeout, queue, target);
}
