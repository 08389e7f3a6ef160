/* Message queues behind sealed handles. The compartment has no globals and no quota: a call can only reach the queue
   that its handle opens, and what its caller passes. */
#include <cheri.h>
#include <errno.h>
#include <queue.h>
#include <timeout_helpers.h>

static TokenKey queue_key(void)
{
	return STATIC_SEALING_TYPE(MessageQueueKey);
}

/* The queue of a handle with one of the permissions: 0, -EPERM, -EINVAL for what is no queue. */
static int open(CHERI_SEALED(struct MessageQueue *) handle, int permissions, struct MessageQueue **queue)
{
	if (!(token_permissions_get(handle) & permissions))
		return -EPERM;
	*queue = token_obj_unseal_dynamic(queue_key(), handle);
	return cheri_tag_get(*queue) ? 0 : -EINVAL;
}

/* The same for a call that may block. */
static int open_to_block(TimeoutArgument timeout, CHERI_SEALED(struct MessageQueue *) handle, int permissions,
                         struct MessageQueue **queue)
{
	return timeout_is_valid(timeout) ? open(handle, permissions, queue) : -EINVAL;
}

int queue_create_sealed(TimeoutArgument timeout, AllocatorCapability heapCapability,
                        CHERI_SEALED(struct MessageQueue *) * outQueue, size_t elementSize, size_t elementCount)
{
	ssize_t size = queue_allocation_size(elementSize, elementCount);
	if (size < 0)
		return -EINVAL;
	void *unsealed = NULL;
	void *handle = token_sealed_unsealed_alloc(timeout, heapCapability, queue_key(), size, &unsealed);
	struct MessageQueue *queue = unsealed;
	if (!cheri_tag_get(queue))
		return -ENOMEM;
	queue->elementSize = elementSize;
	queue->queueSize = elementCount;
	*outQueue = handle;
	return 0;
}

int queue_send_sealed(TimeoutArgument timeout, CHERI_SEALED(struct MessageQueue *) handle, const void *source)
{
	struct MessageQueue *queue;
	int result = open_to_block(timeout, handle, MessageQueuePermitSend, &queue);
	return result ? result : queue_send(timeout, queue, source);
}

int queue_send_multiple_sealed(TimeoutArgument timeout, CHERI_SEALED(struct MessageQueue *) handle,
                               const void *source, size_t count)
{
	struct MessageQueue *queue;
	int result = open_to_block(timeout, handle, MessageQueuePermitSend, &queue);
	return result ? result : queue_send_multiple(timeout, queue, source, count);
}

int queue_receive_sealed(TimeoutArgument timeout, CHERI_SEALED(struct MessageQueue *) handle, void *target)
{
	struct MessageQueue *queue;
	int result = open_to_block(timeout, handle, MessageQueuePermitReceive, &queue);
	return result ? result : queue_receive(timeout, queue, target);
}

int queue_receive_multiple_sealed(TimeoutArgument timeout, CHERI_SEALED(struct MessageQueue *) handle, void *target,
                                  size_t count)
{
	struct MessageQueue *queue;
	int result = open_to_block(timeout, handle, MessageQueuePermitReceive, &queue);
	return result ? result : queue_receive_multiple(timeout, queue, target, count);
}

int queue_items_remaining_sealed(CHERI_SEALED(struct MessageQueue *) handle, size_t *items)
{
	struct MessageQueue *queue;
	int result = open(handle, MessageQueuePermitSend | MessageQueuePermitReceive, &queue);
	return result ? result : queue_items_remaining(queue, items);
}

int queue_destroy_sealed(TimeoutArgument timeout, AllocatorCapability heapCapability,
                         CHERI_SEALED(struct MessageQueue *) handle)
{
	struct MessageQueue *queue;
	int result = open(handle, MessageQueuePermitDestroy, &queue);
	if (result)
		return result;
	if (token_obj_can_destroy(heapCapability, queue_key(), handle))
		return -EPERM;
	queue_stop(queue);
	return token_obj_destroy(heapCapability, queue_key(), handle);
}

int multiwaiter_queue_send_init_sealed(struct EventWaiterSource *source, CHERI_SEALED(struct MessageQueue *) handle)
{
	struct MessageQueue *queue;
	int result = open(handle, MessageQueuePermitSend, &queue);
	return result ? result : multiwaiter_queue_send_init(source, queue);
}

int multiwaiter_queue_receive_init_sealed(struct EventWaiterSource *source,
                                          CHERI_SEALED(struct MessageQueue *) handle)
{
	struct MessageQueue *queue;
	int result = open(handle, MessageQueuePermitReceive, &queue);
	return result ? result : multiwaiter_queue_receive_init(source, queue);
}

int queue_receive_handle_create_sealed(TimeoutArgument timeout, AllocatorCapability heapCapability,
                                       CHERI_SEALED(struct MessageQueue *) handle,
                                       CHERI_SEALED(struct MessageQueue *) * outHandle)
{
	*outHandle = token_permissions_and(handle, MessageQueuePermitReceive);
	return 0;
}

int queue_send_handle_create_sealed(TimeoutArgument timeout, AllocatorCapability heapCapability,
                                    CHERI_SEALED(struct MessageQueue *) handle,
                                    CHERI_SEALED(struct MessageQueue *) * outHandle)
{
	*outHandle = token_permissions_and(handle, MessageQueuePermitSend);
	return 0;
}
