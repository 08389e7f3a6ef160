/* The tick counter, sleepers whose time has come, and the timer's compare register. */
#include "thread_state.h"
#include <compartment-macros.h>
#include <monotonic_time.h>
#include <tick_macros.h>

struct TimerCompare {
	uint32_t low, high;
};

/* Ticks since start. An observer watches for stores of new values. */
struct TickCounter {
	volatile uint32_t low, high;
} observe_ticks;
static uint64_t tickStart;  /* the instant at which the counter's tick began */
static uint64_t programmed; /* what the compare register holds */

/* The low word of the counter: enough for differences. */
Ticks tick_count(void)
{
	return observe_ticks.low;
}

uint64_t tick_count_long(void)
{
	return (uint64_t)observe_ticks.high << 32 | observe_ticks.low;
}

static void program(uint64_t deadline)
{
	volatile struct TimerCompare *compare = MMIO_CAPABILITY(struct TimerCompare, clint);
	programmed = deadline;
	compare->low = UINT32_MAX; /* never early in between */
	compare->high = deadline >> 32;
	compare->low = deadline;
}

void time_init(void)
{
	tickStart = monotonic_time();
	program(NEVER);
}

/* Whole ticks between `tickStart` and now. A division of 32 bits is enough unless hours have passed. */
static void count_ticks(uint64_t now)
{
	uint64_t passed = 0;
	for (;;) {
		uint64_t behind = now - tickStart;
		uint32_t part = behind > UINT32_MAX ? UINT32_MAX : (uint32_t)behind;
		uint32_t ticks = part / TIMERCYCLES_PER_TICK;
		if (ticks == 0)
			break;
		tickStart += ticks * TIMERCYCLES_PER_TICK;
		passed += ticks;
	}
	if (passed) {
		passed += tick_count_long();
		observe_ticks.high = passed >> 32;
		observe_ticks.low = passed;
	}
}

static struct Thread *first_sleeper(void)
{
	return link_alone(&sleepers) ? NULL : holder_of(sleepers.next, struct Thread, sleep);
}

/* Recompute the tick counter and make ready whoever is due; if that is nobody and nobody else is ready, a first
   sleeper that allows it wakes early. */
void expire_sleepers(void)
{
	uint64_t now = monotonic_time();
	count_ticks(now);
	struct Thread *first;
	while ((first = first_sleeper()) && first->deadline <= now)
		thread_make_ready(first, ObserveReasonTimer);
	if (first && first->yielding && highest_ready_priority() < 0)
		thread_make_ready(first, ObserveReasonEarly);
}

/* At every exit from the scheduler: the first deadline, or the end of a slice if the running thread has peers. */
void timer_program(void)
{
	struct Thread *first = first_sleeper();
	uint64_t deadline = first ? first->deadline : NEVER;
	if (running && has_ready_peers(running)) {
		uint64_t slice = monotonic_time() + TIMERCYCLES_PER_TICK;
		if (slice < deadline)
			deadline = slice;
	}
	program(deadline);
}

/* Not later than one tick after the thread's slice began. */
void timer_ensure_slice(const struct Thread *thread)
{
	uint64_t slice = thread->sliceStart + TIMERCYCLES_PER_TICK;
	if (slice < programmed)
		program(slice);
}

void timer_fire_now(void)
{
	program(0);
}

void timer_stop(void)
{
	program(NEVER);
}
