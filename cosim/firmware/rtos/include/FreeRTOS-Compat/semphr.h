/* FreeRTOS mutexes and semaphores: a mutex is a lock with priority inheritance, a binary semaphore counts to one. */
#pragma once

#include "FreeRTOS.h"
#include <locks.h>

enum FreeRTOSSemaphoreKind { FreeRTOSMutex = 1, FreeRTOSSemaphore = 2, FreeRTOSRecursive = 3 };

typedef struct {
	uint32_t kind;
	union {
		struct FlagLockState mutex;
		struct CountingSemaphoreState semaphore;
		struct RecursiveMutexState recursive;
	} lock;
} StaticSemaphore_t;

typedef StaticSemaphore_t *SemaphoreHandle_t;

#define freertos_lock(handle) cheri_bounds_set(&(handle)->lock, sizeof (handle)->lock)

static inline SemaphoreHandle_t freertos_semaphore_init(SemaphoreHandle_t handle, uint32_t kind, uint32_t count,
                                                        uint32_t maximum)
{
	handle->kind = kind;
	handle->lock.semaphore.count = count;
	handle->lock.semaphore.maxCount = maximum;
	return handle;
}

/* Null without memory. */
static inline SemaphoreHandle_t freertos_semaphore_create(uint32_t kind, uint32_t count, uint32_t maximum)
{
	SemaphoreHandle_t handle = malloc(sizeof *handle);
	return cheri_tag_get(handle) ? freertos_semaphore_init(handle, kind, count, maximum) : NULL;
}

static inline SemaphoreHandle_t xSemaphoreCreateMutex(void)
{
	return freertos_semaphore_create(FreeRTOSMutex, 0, 0);
}

static inline SemaphoreHandle_t xSemaphoreCreateMutexStatic(StaticSemaphore_t *buffer)
{
	return freertos_semaphore_init(buffer, FreeRTOSMutex, 0, 0);
}

static inline SemaphoreHandle_t xSemaphoreCreateBinary(void)
{
	return freertos_semaphore_create(FreeRTOSSemaphore, 0, 1);
}

static inline SemaphoreHandle_t xSemaphoreCreateBinaryStatic(StaticSemaphore_t *buffer)
{
	return freertos_semaphore_init(buffer, FreeRTOSSemaphore, 0, 1);
}

static inline SemaphoreHandle_t xSemaphoreCreateCounting(UBaseType_t maximum, UBaseType_t initial)
{
	return freertos_semaphore_create(FreeRTOSSemaphore, initial, maximum);
}

static inline SemaphoreHandle_t xSemaphoreCreateCountingStatic(UBaseType_t maximum, UBaseType_t initial,
                                                               StaticSemaphore_t *buffer)
{
	return freertos_semaphore_init(buffer, FreeRTOSSemaphore, initial, maximum);
}

static inline SemaphoreHandle_t xSemaphoreCreateRecursiveMutex(void)
{
	return freertos_semaphore_create(FreeRTOSRecursive, 0, 0);
}

static inline SemaphoreHandle_t xSemaphoreCreateRecursiveMutexStatic(StaticSemaphore_t *buffer)
{
	return freertos_semaphore_init(buffer, FreeRTOSRecursive, 0, 0);
}

/* Not for recursive mutexes. */
static inline BaseType_t xSemaphoreTake(SemaphoreHandle_t handle, TickType_t ticks)
{
	Timeout limit = {0, ticks};
	switch (handle->kind) {
	case FreeRTOSMutex:
		return freertos_passed(
		    flaglock_priority_inheriting_trylock(&limit, (struct FlagLockState *)freertos_lock(handle)));
	case FreeRTOSSemaphore:
		return freertos_passed(semaphore_get(&limit, (struct CountingSemaphoreState *)freertos_lock(handle)));
	default:
		return pdFALSE;
	}
}

static inline BaseType_t xSemaphoreGive(SemaphoreHandle_t handle)
{
	switch (handle->kind) {
	case FreeRTOSMutex:
		flaglock_unlock((struct FlagLockState *)freertos_lock(handle));
		return pdTRUE;
	case FreeRTOSSemaphore:
		return freertos_passed(semaphore_put((struct CountingSemaphoreState *)freertos_lock(handle)));
	default:
		return pdFALSE;
	}
}

/* For recursive mutexes only. */
static inline BaseType_t xSemaphoreTakeRecursive(SemaphoreHandle_t handle, TickType_t ticks)
{
	Timeout limit = {0, ticks};
	if (handle->kind != FreeRTOSRecursive)
		return pdFALSE;
	return freertos_passed(recursivemutex_trylock(&limit, (struct RecursiveMutexState *)freertos_lock(handle)));
}

static inline BaseType_t xSemaphoreGiveRecursive(SemaphoreHandle_t handle)
{
	if (handle->kind != FreeRTOSRecursive)
		return pdFALSE;
	return freertos_passed(recursivemutex_unlock((struct RecursiveMutexState *)freertos_lock(handle)));
}

static inline BaseType_t xSemaphoreTakeFromISR(SemaphoreHandle_t handle, BaseType_t *woken)
{
	freertos_no_switch(woken);
	return xSemaphoreTake(handle, 0);
}

static inline BaseType_t xSemaphoreGiveFromISR(SemaphoreHandle_t handle, BaseType_t *woken)
{
	freertos_no_switch(woken);
	return xSemaphoreGive(handle);
}

/* Nobody is woken. */
static inline void vSemaphoreDelete(SemaphoreHandle_t handle)
{
	free(handle);
}

/* 0 for a lock that is free, and for semaphores. */
static inline TaskHandle_t xSemaphoreGetMutexHolder(SemaphoreHandle_t handle)
{
	return handle->kind == FreeRTOSSemaphore ? 0 : handle->lock.mutex.lockWord & 0xFFFF;
}

/* A semaphore's value; of a mutex 1 if it is free. */
static inline UBaseType_t uxSemaphoreGetCount(SemaphoreHandle_t handle)
{
	return handle->kind == FreeRTOSSemaphore ? handle->lock.semaphore.count & 0x7FFFFFFF
	                                         : handle->lock.mutex.lockWord == 0;
}

static inline BaseType_t xSemaphoreGetStaticBuffer(SemaphoreHandle_t handle, StaticSemaphore_t **buffer)
{
	*buffer = handle;
	return pdTRUE;
}
