/* Message queues of elements of one size. Two forms: a library for threads that share the queue's memory, and sealed
   handles of the compartment `message_queue` for parties that do not trust each other. */
#pragma once

#include <allocator.h>
#include <cdefs.h>
#include <multiwaiter.h>
#include <stddef.h>
#include <stdint.h>
#include <timeout.h>
#include <token.h>

typedef int ssize_t;

/* The elements follow. Each word holds a counter modulo twice `queueSize` and the flags of its endpoint. */
struct MessageQueue {
	size_t elementSize;
	size_t queueSize;
	volatile uint32_t producer;
	volatile uint32_t consumer;
};

/* Permission bits of sealed handles. */
enum MessageQueuePermission {
	MessageQueuePermitSend = 1 << 0,
	MessageQueuePermitReceive = 1 << 1,
	MessageQueuePermitDestroy = 1 << 2,
};

/* Bytes of a queue, or -EINVAL. */
__cheri_libcall ssize_t queue_allocation_size(size_t elementSize, size_t elementCount);
/* 0, -EINVAL, -ENOMEM. */
__cheri_libcall int queue_create(TimeoutArgument timeout, AllocatorCapability heapCapability,
                                 struct MessageQueue **outQueue, size_t elementSize, size_t elementCount);
/* 0, or why the quota cannot free it. Who waits gets -ETIMEDOUT, or what had been done. */
__cheri_libcall int queue_destroy(AllocatorCapability heapCapability, struct MessageQueue *queue);
__cheri_libcall int queue_stop(struct MessageQueue *queue);
/* Empty it: 0, or -ETIMEDOUT. */
__cheri_libcall int queue_reset(TimeoutArgument timeout, struct MessageQueue *queue);
/* 0, -ETIMEDOUT, -EPERM for a buffer that faults, -EINVAL; `_multiple` give the number of elements instead of 0. */
__cheri_libcall int queue_send(TimeoutArgument timeout, struct MessageQueue *queue, const void *source);
__cheri_libcall int queue_send_multiple(TimeoutArgument timeout, struct MessageQueue *queue, const void *source,
                                        size_t count);
__cheri_libcall int queue_receive(TimeoutArgument timeout, struct MessageQueue *queue, void *target);
__cheri_libcall int queue_receive_multiple(TimeoutArgument timeout, struct MessageQueue *queue, void *target,
                                           size_t count);
__cheri_libcall int queue_items_remaining(struct MessageQueue *queue, size_t *items);
/* Sources that fire when there may be room, or an element. */
__cheri_libcall int multiwaiter_queue_send_init(struct EventWaiterSource *source, struct MessageQueue *queue);
__cheri_libcall int multiwaiter_queue_receive_init(struct EventWaiterSource *source, struct MessageQueue *queue);
/* Older names. */
__cheri_libcall int queue_delete(AllocatorCapability heapCapability, struct MessageQueue *queue);
__cheri_libcall int queue_recv(TimeoutArgument timeout, struct MessageQueue *queue, void *target);

/* The same on handles, after -EPERM for one without the permission and -EINVAL for one of another type. */
__cheri_compartment("message_queue") int queue_create_sealed(TimeoutArgument timeout,
                                                             AllocatorCapability heapCapability,
                                                             CHERI_SEALED(struct MessageQueue *) * outQueue,
                                                             size_t elementSize, size_t elementCount);
__cheri_compartment("message_queue") int queue_destroy_sealed(TimeoutArgument timeout,
                                                              AllocatorCapability heapCapability,
                                                              CHERI_SEALED(struct MessageQueue *) handle);
__cheri_compartment("message_queue") int queue_send_sealed(TimeoutArgument timeout,
                                                           CHERI_SEALED(struct MessageQueue *) handle,
                                                           const void *source);
__cheri_compartment("message_queue") int queue_send_multiple_sealed(TimeoutArgument timeout,
                                                                    CHERI_SEALED(struct MessageQueue *) handle,
                                                                    const void *source, size_t count);
__cheri_compartment("message_queue") int queue_receive_sealed(TimeoutArgument timeout,
                                                              CHERI_SEALED(struct MessageQueue *) handle,
                                                              void *target);
__cheri_compartment("message_queue") int queue_receive_multiple_sealed(TimeoutArgument timeout,
                                                                       CHERI_SEALED(struct MessageQueue *) handle,
                                                                       void *target, size_t count);
__cheri_compartment("message_queue") int queue_items_remaining_sealed(CHERI_SEALED(struct MessageQueue *) handle,
                                                                      size_t *items);
__cheri_compartment("message_queue") int multiwaiter_queue_send_init_sealed(
    struct EventWaiterSource *source, CHERI_SEALED(struct MessageQueue *) handle);
__cheri_compartment("message_queue") int multiwaiter_queue_receive_init_sealed(
    struct EventWaiterSource *source, CHERI_SEALED(struct MessageQueue *) handle);
/* Deprecated: queue_permissions_and() does it without a call. */
__cheri_compartment("message_queue") int queue_receive_handle_create_sealed(
    TimeoutArgument timeout, AllocatorCapability heapCapability, CHERI_SEALED(struct MessageQueue *) handle,
    CHERI_SEALED(struct MessageQueue *) * outHandle);
__cheri_compartment("message_queue") int queue_send_handle_create_sealed(
    TimeoutArgument timeout, AllocatorCapability heapCapability, CHERI_SEALED(struct MessageQueue *) handle,
    CHERI_SEALED(struct MessageQueue *) * outHandle);

static inline int queue_permissions(CHERI_SEALED(struct MessageQueue *) handle)
{
	return token_permissions_get(handle);
}

static inline CHERI_SEALED(struct MessageQueue *)
    queue_permissions_and(CHERI_SEALED(struct MessageQueue *) handle, int permissions)
{
	return token_permissions_and(handle, permissions);
}
