/* The pool: a ring of requests between those who submit, in order of arrival, and the workers. */
#include <callback_checks.h>
#include <errno.h>
#include <ring_buffer.h>
#include <thread_pool.h>

#define PENDING 16

static RING_BUFFER(struct ThreadPoolMessage, PENDING) requests;

int thread_pool_async(ThreadPoolCallback callback, CHERI_SEALED(void *) data)
{
	if (!callback_is_acceptable((void *)callback, data))
		return -EINVAL;
	struct ThreadPoolMessage message = {callback, data};
	ring_buffer_push(&requests, &message, sizeof message, PENDING, TicketLock);
	return 0;
}

/* A callback that fails is over; the worker goes on. */
int thread_pool_run(void)
{
	for (;;) {
		struct ThreadPoolMessage message;
		ring_buffer_pop(&requests, &message, sizeof message, PENDING, FlagLock);
		message.invoke(message.data);
	}
}
