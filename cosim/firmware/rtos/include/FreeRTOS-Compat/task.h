/* FreeRTOS tasks: threads are declared when the system is built, so there is nothing to create. */
#pragma once

#include "FreeRTOS.h"
#include <locks.h>

#define INVALID_TASK (-1)

/* Deliberately unsupported: declare a thread that waits on a futex, or give the work to the thread pool. */
#define xTaskCreate(...) INVALID_TASK
#define xTaskCreateStatic(...) INVALID_TASK

static inline void vTaskDelay(TickType_t ticks)
{
	Timeout limit = {0, ticks};
	thread_sleep(&limit, ThreadSleepNoEarlyWake);
}

static inline uint64_t freertos_ticks(void)
{
	SystickReturn now = thread_systemtick_get();
	return (uint64_t)now.hi << 32 | now.lo;
}

static inline TickType_t xTaskGetTickCount(void)
{
	return thread_systemtick_get().lo;
}

static inline TaskHandle_t xTaskGetCurrentTaskHandle(void)
{
	return thread_id_get();
}

static inline void vTaskSetTimeOutState(TimeOut_t *state)
{
	*state = freertos_ticks();
}

/* Have `*ticks` passed since `*state`? If not, both move on. */
static inline BaseType_t xTaskCheckForTimeOut(TimeOut_t *state, TickType_t *ticks)
{
	uint64_t now = freertos_ticks();
	TickType_t elapsed = now - *state;
	if (elapsed >= *ticks) {
		*ticks = 0;
		return pdTRUE;
	}
	*ticks -= elapsed;
	*state = now;
	return pdFALSE;
}

/* Defined by each component that uses them. Critical sections exclude each other, they do not mask interrupts. */
extern struct RecursiveMutexState __CriticalSectionFlagLock;
extern struct RecursiveMutexState __SuspendFlagLock;

static inline void taskENTER_CRITICAL(void)
{
	recursivemutex_trylock(TimeoutWaitForever, &__CriticalSectionFlagLock);
}

static inline void taskEXIT_CRITICAL(void)
{
	recursivemutex_unlock(&__CriticalSectionFlagLock);
}

static inline void vTaskSuspendAll(void)
{
	recursivemutex_trylock(TimeoutWaitForever, &__SuspendFlagLock);
}

static inline void vTaskResumeAll(void)
{
	recursivemutex_unlock(&__SuspendFlagLock);
}

static inline BaseType_t xTaskResumeAll(void)
{
	vTaskResumeAll();
	return pdTRUE;
}
