/* Software timers: what others may call, and the thread that does the work. */
#include "armed.h"
#include <callback_checks.h>
#include <errno.h>
#include <monotonic_time.h>
#include <queue.h>
#include <tick_macros.h>

#define MESSAGES 16

/* Callers send, the service's thread receives. */
static struct {
	struct MessageQueue queue;
	struct TimerMessage messages[MESSAGES];
} control = {{sizeof(struct TimerMessage), MESSAGES, 0, 0}, {{NULL, 0, 0, 0}}};

static TokenKey timer_key(void)
{
	return STATIC_SEALING_TYPE(TimerKey);
}

/* The timer of a handle with this permission: 0, -EPERM, -EINVAL for what is no timer. */
static int open(TimerHandle handle, int permission, struct Timer **timer)
{
	if (!(token_permissions_get(handle) & permission))
		return -EPERM;
	*timer = token_obj_unseal_dynamic(timer_key(), handle);
	return cheri_tag_get(*timer) ? 0 : -EINVAL;
}

int timer_create(TimeoutArgument timeout, AllocatorCapability heapCapability, TimerHandle *outTimer,
                 TimerCallback callback, CHERI_SEALED(void *) data)
{
	if (!callback_is_acceptable((void *)callback, data))
		return -EINVAL;
	if (!timers_reserve())
		return -ENOMEM;
	void *unsealed = NULL;
	void *handle =
	    token_sealed_unsealed_alloc(timeout, heapCapability, timer_key(), sizeof(struct Timer), &unsealed);
	struct Timer *timer = unsealed;
	if (!cheri_tag_get(timer)) {
		timers_give_back();
		return -ENOMEM;
	}
	timer->callback = callback;
	timer->data = data;
	*outTimer = handle;
	return 0;
}

static int post(TimeoutArgument timeout, struct Timer *timer, enum TimerOperation operation, Ticks delay,
                Ticks period)
{
	struct TimerMessage message = {timer, operation, delay, period};
	return queue_send(timeout, &control.queue, &message);
}

int timer_start(TimeoutArgument timeout, TimerHandle handle, Ticks delay, Ticks period)
{
	struct Timer *timer;
	int result = open(handle, TimerPermitStartStop, &timer);
	if (result)
		return result;
	if (delay == UnlimitedTimeout || period == UnlimitedTimeout)
		return -EINVAL;
	return post(timeout, timer, TimerStart, delay, period);
}

int timer_stop(TimeoutArgument timeout, TimerHandle handle)
{
	struct Timer *timer;
	int result = open(handle, TimerPermitStartStop, &timer);
	return result ? result : post(timeout, timer, TimerStop, 0, 0);
}

int timer_destroy(TimeoutArgument timeout, AllocatorCapability heapCapability, TimerHandle handle)
{
	struct Timer *timer;
	int result = open(handle, TimerPermitDestroy, &timer);
	if (result)
		return result;
	if (token_obj_can_destroy(heapCapability, timer_key(), handle))
		return -EPERM;
	timers_disarm(timer);
	result = token_obj_destroy(heapCapability, timer_key(), handle);
	if (result == 0)
		timers_give_back();
	return result;
}

/* Ticks until the first deadline, rounded up. */
static Ticks ticks_until(uint64_t deadline)
{
	uint64_t now = monotonic_time();
	return deadline <= now ? 0 : (deadline - now + TIMERCYCLES_PER_TICK - 1) / TIMERCYCLES_PER_TICK;
}

static int receive(struct TimerMessage *message)
{
	uint64_t deadline;
	if (!timers_first_deadline(&deadline))
		return queue_receive(TimeoutWaitForever, &control.queue, message);
	Timeout limit = {0, ticks_until(deadline)};
	if (limit.remaining == 0)
		return queue_receive(TimeoutNoWait, &control.queue, message);
	return queue_receive(&limit, &control.queue, message);
}

/* One message or one callback a turn. */
int timer_service_run(void)
{
	for (;;) {
		struct TimerMessage message;
		if (receive(&message) == 0)
			timers_apply(&message);
		else
			timers_fire_first();
	}
}
