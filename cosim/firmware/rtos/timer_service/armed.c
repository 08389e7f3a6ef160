/* The list of armed timers. No interrupt comes between the choice of a due timer and the call of its callback, so one
   that has been destroyed does not start any more. */
#include "armed.h"
#include <cheri.h>
#include <monotonic_time.h>
#include <tick_macros.h>

static struct Timer *armed[MOST_TIMERS];
static uint32_t armed_count;
static uint32_t existing;

static void remove_at(uint32_t place)
{
	armed_count--;
	for (uint32_t i = place; i < armed_count; i++)
		armed[i] = armed[i + 1];
	armed[armed_count] = NULL;
}

/* Without that timer, and without any that has been freed (its pointer has lost the tag). */
static void drop(const struct Timer *timer)
{
	for (uint32_t i = armed_count; i-- > 0;)
		if (!cheri_tag_get(armed[i]) || armed[i] == timer)
			remove_at(i);
}

/* Behind those that are due no later. */
static void arm(struct Timer *timer, uint64_t deadline)
{
	drop(timer);
	timer->deadline = deadline;
	uint32_t place = 0;
	while (place < armed_count && armed[place]->deadline <= deadline)
		place++;
	for (uint32_t i = armed_count; i > place; i--)
		armed[i] = armed[i - 1];
	armed[place] = timer;
	armed_count++;
}

/* Room for one more timer? */
bool timers_reserve(void)
{
	if (existing == MOST_TIMERS)
		return false;
	existing++;
	return true;
}

void timers_give_back(void)
{
	existing--;
}

void timers_disarm(struct Timer *timer)
{
	drop(timer);
}

/* A message about a timer that is gone means nothing. */
void timers_apply(const struct TimerMessage *message)
{
	struct Timer *timer = message->timer;
	if (!cheri_tag_get(timer))
		return;
	if (message->operation == TimerStop) {
		drop(timer);
		return;
	}
	timer->period = message->period;
	arm(timer, monotonic_time() + (uint64_t)message->delay * TIMERCYCLES_PER_TICK);
}

/* False: no timer is armed. */
bool timers_first_deadline(uint64_t *deadline)
{
	drop(NULL);
	if (armed_count == 0)
		return false;
	*deadline = armed[0]->deadline;
	return true;
}

/* Call the first timer's callback, if it is due. */
void timers_fire_first(void)
{
	drop(NULL);
	struct Timer *timer = armed_count ? armed[0] : NULL;
	if (!timer || timer->deadline > monotonic_time())
		return;
	if (timer->period)
		arm(timer, timer->deadline + (uint64_t)timer->period * TIMERCYCLES_PER_TICK);
	else
		drop(timer);
	timer->callback(timer->data);
}
