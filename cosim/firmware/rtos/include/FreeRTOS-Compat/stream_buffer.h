/* FreeRTOS stream buffers: queues of bytes. Unlike FreeRTOS's, a receiver waits for all the bytes that it asks for or
   for the limit, and several readers and writers are safe. */
#pragma once

#include "queue.h"

typedef struct MessageQueue *StreamBufferHandle_t;

/* The trigger level is ignored. */
static inline StreamBufferHandle_t xStreamBufferCreate(size_t size, size_t trigger)
{
	return xQueueCreate(size, 1);
}

static inline void vStreamBufferDelete(StreamBufferHandle_t stream)
{
	vQueueDelete(stream);
}

/* Bytes moved, 0 on any error. */
static inline size_t xStreamBufferSend(StreamBufferHandle_t stream, const void *source, size_t size, TickType_t ticks)
{
	Timeout limit = {0, ticks};
	int sent = queue_send_multiple(&limit, stream, source, size);
	return sent < 0 ? 0 : sent;
}

static inline size_t xStreamBufferReceive(StreamBufferHandle_t stream, void *target, size_t size, TickType_t ticks)
{
	Timeout limit = {0, ticks};
	int received = queue_receive_multiple(&limit, stream, target, size);
	return received < 0 ? 0 : received;
}

static inline size_t xStreamBufferSendFromISR(StreamBufferHandle_t stream, const void *source, size_t size,
                                              BaseType_t *woken)
{
	freertos_no_switch(woken);
	return xStreamBufferSend(stream, source, size, 0);
}

static inline size_t xStreamBufferReceiveFromISR(StreamBufferHandle_t stream, void *target, size_t size,
                                                 BaseType_t *woken)
{
	freertos_no_switch(woken);
	return xStreamBufferReceive(stream, target, size, 0);
}

static inline size_t xStreamBufferBytesAvailable(StreamBufferHandle_t stream)
{
	return uxQueueMessagesWaiting(stream);
}

static inline size_t xStreamBufferSpacesAvailable(StreamBufferHandle_t stream)
{
	return stream->queueSize - uxQueueMessagesWaiting(stream);
}

static inline BaseType_t xStreamBufferIsEmpty(StreamBufferHandle_t stream)
{
	return xStreamBufferBytesAvailable(stream) == 0;
}

static inline BaseType_t xStreamBufferIsFull(StreamBufferHandle_t stream)
{
	return xStreamBufferSpacesAvailable(stream) == 0;
}

static inline BaseType_t xStreamBufferReset(StreamBufferHandle_t stream)
{
	Timeout limit = {0, 0};
	return freertos_passed(queue_reset(&limit, stream));
}

static inline BaseType_t xStreamBufferResetFromISR(StreamBufferHandle_t stream)
{
	return xStreamBufferReset(stream);
}

/* Unsupported. */
static inline BaseType_t xStreamBufferSetTriggerLevel(StreamBufferHandle_t stream, size_t trigger)
{
	return pdFALSE;
}
