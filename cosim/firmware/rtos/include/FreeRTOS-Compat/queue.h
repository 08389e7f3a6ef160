/* FreeRTOS queues on the queue library. */
#pragma once

#include "../queue.h"
#include "FreeRTOS.h"

typedef struct MessageQueue *QueueHandle_t;

#define errQUEUE_EMPTY 0
#define errQUEUE_FULL 0

/* Null without memory. */
static inline QueueHandle_t xQueueCreate(UBaseType_t length, UBaseType_t size)
{
	QueueHandle_t queue;
	int result = queue_create(TimeoutWaitForever, MALLOC_CAPABILITY, &queue, size, length);
	return result == 0 ? queue : NULL;
}

static inline void vQueueDelete(QueueHandle_t queue)
{
	queue_destroy(MALLOC_CAPABILITY, queue);
}

static inline BaseType_t xQueueReceive(QueueHandle_t queue, void *target, TickType_t ticks)
{
	Timeout limit = {0, ticks};
	return freertos_passed(queue_receive(&limit, queue, target));
}

static inline BaseType_t xQueueSendToBack(QueueHandle_t queue, const void *source, TickType_t ticks)
{
	Timeout limit = {0, ticks};
	return freertos_passed(queue_send(&limit, queue, source));
}

static inline BaseType_t xQueueSendToBackFromISR(QueueHandle_t queue, const void *source, BaseType_t *woken)
{
	freertos_no_switch(woken);
	return xQueueSendToBack(queue, source, 0);
}

static inline UBaseType_t uxQueueMessagesWaiting(QueueHandle_t queue)
{
	size_t items;
	queue_items_remaining(queue, &items);
	return items;
}
