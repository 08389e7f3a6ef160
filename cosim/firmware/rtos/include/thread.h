/* Threads and time. */
#pragma once

#include <cdefs.h>
#include <monotonic_time.h>
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

/* Busy for that long; the microseconds that it took. With SIMULATION defined nothing waits for real time. */
static inline uint64_t thread_microsecond_spin(uint32_t microseconds)
{
#ifdef SIMULATION
	return microseconds;
#else
	uint64_t start = monotonic_time(), now = start;
	uint64_t end = start + ((uint64_t)microseconds * CPU_TIMER_HZ + 999999) / 1000000;
	while (now < end)
		now = monotonic_time();
	return (now - start) * 1000000 / CPU_TIMER_HZ;
#endif
}

/* Sleep while more than a tick is left, then be busy; the milliseconds that it took. */
static inline uint64_t thread_millisecond_wait(uint32_t milliseconds)
{
#ifdef SIMULATION
	Timeout tick = {0, 1};
	thread_sleep(&tick, 0);
	return milliseconds;
#else
	uint64_t start = monotonic_time(), now = start;
	uint64_t end = start + ((uint64_t)milliseconds * CPU_TIMER_HZ + 999) / 1000;
	while (end > now && end - now > TIMERCYCLES_PER_TICK) {
		Timeout limit = {0, (end - now) / TIMERCYCLES_PER_TICK};
		thread_sleep(&limit, ThreadSleepNoEarlyWake);
		now = monotonic_time();
	}
	while (now < end)
		now = monotonic_time();
	return (now - start) * 1000 / CPU_TIMER_HZ;
#endif
}
