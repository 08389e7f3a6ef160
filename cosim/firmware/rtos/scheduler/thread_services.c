/* What a thread can ask about itself and about time. */
#include "thread_state.h"
#include <errno.h>
#include <thread.h>
#include <timeout_helpers.h>

__cheriot_minimum_stack(0xa0) int thread_sleep(TimeoutArgument timeout, uint32_t flags)
{
	if (!timeout_is_valid(timeout))
		return -EINVAL;
	Ticks before = tick_count();
	if (timeout_may_block(timeout)) {
		running->yielding = !(flags & ThreadSleepNoEarlyWake);
		block_running(timeout, NULL, NULL, ObserveWaitSleep);
	}
	yield();
	timeout_elapse(timeout, tick_count() - before);
	return 0;
}

uint16_t thread_count(void)
{
	return CONFIG_THREADS_NUM;
}

SystickReturn thread_systemtick_get(void)
{
	uint64_t ticks = tick_count_long();
	SystickReturn result = {ticks, ticks >> 32};
	return result;
}

uint64_t thread_elapsed_cycles_idle(void)
{
	return cycles_of_idle();
}

uint64_t thread_elapsed_cycles_current(void)
{
	return cycles_of_running();
}
