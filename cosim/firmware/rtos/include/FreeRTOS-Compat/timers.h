/* FreeRTOS software timers on the timer service. A callback runs in the compartment that made the timer, on the
   service's thread; it gets the timer's id, which is a number or a sealed pointer, in place of the handle. Names are for
   debuggers only and not kept. */
#pragma once

#include "FreeRTOS.h"
#include <timer_service.h>

typedef TimerCallback TimerCallbackFunction_t;

typedef struct {
	TimerHandle timer;
	TickType_t period;
	BaseType_t repeats;
	void *id;
} FreeRTOSTimer;

typedef FreeRTOSTimer *TimerHandle_t;

/* Null without memory, or when there are no more timers. It is not running yet. */
static inline TimerHandle_t xTimerCreate(const char *name, TickType_t period, BaseType_t repeats, void *id,
                                         TimerCallbackFunction_t callback)
{
	TimerHandle_t made = malloc(sizeof *made);
	if (!made)
		return NULL;
	if (timer_create(TimeoutWaitForever, MALLOC_CAPABILITY, &made->timer, callback, id) != 0) {
		free(made);
		return NULL;
	}
	made->period = period;
	made->repeats = repeats;
	made->id = id;
	return made;
}

static inline BaseType_t xTimerStart(TimerHandle_t timer, TickType_t ticks)
{
	Timeout limit = {0, ticks};
	return freertos_passed(timer_start(&limit, timer->timer, timer->period, timer->repeats ? timer->period : 0));
}

static inline BaseType_t xTimerReset(TimerHandle_t timer, TickType_t ticks)
{
	return xTimerStart(timer, ticks);
}

static inline BaseType_t xTimerChangePeriod(TimerHandle_t timer, TickType_t period, TickType_t ticks)
{
	timer->period = period;
	return xTimerStart(timer, ticks);
}

static inline BaseType_t xTimerStop(TimerHandle_t timer, TickType_t ticks)
{
	Timeout limit = {0, ticks};
	return freertos_passed(timer_stop(&limit, timer->timer));
}

static inline BaseType_t xTimerDelete(TimerHandle_t timer, TickType_t ticks)
{
	Timeout limit = {0, ticks};
	BaseType_t passed = freertos_passed(timer_destroy(&limit, MALLOC_CAPABILITY, timer->timer));
	if (passed)
		free(timer);
	return passed;
}

static inline void *pvTimerGetTimerID(TimerHandle_t timer)
{
	return timer->id;
}

static inline TickType_t xTimerGetPeriod(TimerHandle_t timer)
{
	return timer->period;
}
