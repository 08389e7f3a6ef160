/* FreeRTOS's names for this RTOS: types, constants, assertions. The layer is compiled into its user and takes memory
   from the user's default quota. No code runs in interrupt context, so the FromISR functions are plain calls that do not
   wait. */
#pragma once

#include "FreeRTOS_errno.h"
#include <cheri.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <thread.h>
#include <tick_macros.h>
#include <timeout.h>

typedef uint32_t TickType_t;
typedef int32_t BaseType_t;
typedef uint32_t UBaseType_t;
typedef uint16_t TaskHandle_t; /* a thread's number */
typedef uint64_t TimeOut_t;

#define pdFALSE 0
#define pdTRUE 1
#define pdFAIL 0
#define pdPASS 1
#define portMAX_DELAY UnlimitedTimeout
#define pdMS_TO_TICKS(milliseconds) MS_TO_TICKS(milliseconds)
#define pdFREERTOS_LITTLE_ENDIAN 0
#define pdFREERTOS_BIG_ENDIAN 1
#define pdLITTLE_ENDIAN pdFREERTOS_LITTLE_ENDIAN
#define pdBIG_ENDIAN pdFREERTOS_BIG_ENDIAN

#ifdef NDEBUG
#define configASSERT(condition) ((void)0)
#else
#define configASSERT(condition) ((condition) ? (void)0 : __builtin_trap())
#endif

/* What a FromISR function says: no switch is needed. A null pointer is allowed. */
static inline void freertos_no_switch(BaseType_t *woken)
{
	if (cheri_tag_get(woken))
		*woken = pdFALSE;
}

static inline BaseType_t freertos_passed(int result)
{
	return result == 0 ? pdPASS : pdFAIL;
}
