/* The running thread blocks until a limit. */
#include "thread_state.h"
#include <monotonic_time.h>
#include <tick_macros.h>
#include <timeout_helpers.h>

/* The running thread leaves the ready set; it goes on until it yields. The limit is valid and may block. */
void block_running(TimeoutArgument timeout, struct Link *queue, const volatile void *object, enum ObserveWait wait)
{
	enum ObserveDeadline kind = ObserveDeadlineAbsolute;
	uint64_t deadline = timeout.absoluteTimeout;
	Ticks ticks = 0;
	if (timeout_is_relative(timeout)) {
		ticks = timeout.relativeTimeout->remaining;
		deadline = ticks == UnlimitedTimeout ? NEVER : monotonic_time() + (uint64_t)ticks * TIMERCYCLES_PER_TICK;
		kind = ObserveDeadlineTicks;
	}
	if (deadline == NEVER)
		kind = ObserveDeadlineNone;
	running->deadline = deadline;
	running->queue = queue;
	thread_suspend(running);
	observe_block(running->id, object, wait, kind, ticks);
}
