/* FreeRTOS event groups on the event-group library. */
#pragma once

#include "FreeRTOS.h"
#include <event.h>

typedef struct EventGroup *EventGroupHandle_t;
typedef uint32_t EventBits_t;

/* Null without memory. */
static inline EventGroupHandle_t xEventGroupCreate(void)
{
	EventGroupHandle_t group;
	int result = eventgroup_create(TimeoutWaitForever, MALLOC_CAPABILITY, &group);
	return result == 0 ? group : NULL;
}

static inline void vEventGroupDelete(EventGroupHandle_t group)
{
	eventgroup_destroy(MALLOC_CAPABILITY, group);
}

/* The bits seen. */
static inline EventBits_t xEventGroupWaitBits(EventGroupHandle_t group, EventBits_t wanted, BaseType_t clearOnExit,
                                              BaseType_t waitForAll, TickType_t ticks)
{
	Timeout limit = {0, ticks};
	uint32_t bits = 0;
	eventgroup_wait(&limit, group, &bits, wanted, waitForAll, clearOnExit);
	return bits;
}

/* The bits afterwards. */
static inline EventBits_t xEventGroupClearBits(EventGroupHandle_t group, EventBits_t cleared)
{
	uint32_t bits;
	eventgroup_clear(TimeoutWaitForever, group, &bits, cleared);
	return bits;
}

static inline EventBits_t xEventGroupSetBits(EventGroupHandle_t group, EventBits_t set)
{
	uint32_t bits;
	eventgroup_set(TimeoutWaitForever, group, &bits, set);
	return bits;
}
