/* Threads and time. */
#pragma once

#include <cdefs.h>
#include <stdint.h>
#include <tick_macros.h>
#include <timeout.h>

typedef struct {
	uint32_t lo;
	uint32_t hi;
} SystickReturn;

enum ThreadSleepFlags {
	ThreadSleepNoEarlyWake = 1 << 0, /* sleep the whole time even if nobody else can run */
};

/* The number of the calling thread, from 1 on. */
__cheriot_interrupts(disabled)
__cheri_libcall uint16_t thread_id_get(void);

/* Sleep until the limit: 0, or -EINVAL for a bad limit. */
__cheriot_interrupts(disabled)
__cheri_compartment("scheduler") int thread_sleep(TimeoutArgument timeout, uint32_t flags);

/* How many threads the system was built with; a failed call gives the failure code in 16 bits. */
__cheri_compartment("scheduler") uint16_t thread_count(void);

/* The tick counter as of the last time that the scheduler looked for expired sleepers. */
__cheriot_interrupts(disabled)
__cheri_compartment("scheduler") SystickReturn thread_systemtick_get(void);

/* Timer cycles that nobody, or the caller, has run for. */
__cheriot_interrupts(disabled)
__cheri_compartment("scheduler") uint64_t thread_elapsed_cycles_idle(void);
__cheriot_interrupts(disabled)
__cheri_compartment("scheduler") uint64_t thread_elapsed_cycles_current(void);

/* Let others of the same priority run. */
static inline void yield(void)
{
	__asm__ volatile("ecall");
}
