/* Threads as the scheduler sees them, and the sets they move between: a ring of ready threads for each priority, the
   list of sleepers, and the two queues of waiters. All of it is touched only with interrupts disabled. */
#pragma once

#include "list.h"
#include <observe.h>
#include <stdint.h>
#include <timeout.h>

#define NEVER UINT64_MAX /* a deadline */

enum ThreadState { ThreadReady, ThreadSuspended, ThreadExited };

struct MultiWaiterInternal;

struct Thread {
	void *trustedStack; /* sealed: only the switcher can open it */
	struct Link ring;   /* among the ready threads of its priority */
	struct Link sleep;  /* among the sleepers */
	struct Link wait;   /* among the waiters of `queue` */
	struct Link *queue; /* futexWaiters, multiWaiters, or null */
	uint64_t deadline;
	uint64_t sliceStart; /* when it was last switched in after another context */
	uint64_t cycles;
	const volatile uint32_t *futexWord; /* waited for; only its address counts */
	struct MultiWaiterInternal *multiwaiter;
	struct Thread *boosts; /* whose priority this waiter raises */
	uint16_t id;
	uint8_t basePriority;
	uint8_t priority; /* effective */
	uint8_t state;
	bool yielding; /* may be woken early */
	bool inherits; /* waits with priority inheritance */
};

extern struct Thread threads[CONFIG_THREADS_NUM];
extern struct Thread *running; /* null: the idle context */
extern struct Link sleepers;   /* by deadline */
extern struct Link futexWaiters, multiWaiters; /* by priority, then in order of arrival */
extern uint32_t liveThreads;

/* threads.c */
void threads_init(void);
struct Thread *thread_by_id(uint32_t id);
int highest_ready_priority(void);
bool has_ready_peers(const struct Thread *thread);
void thread_start(struct Thread *thread);
void thread_make_ready(struct Thread *thread, enum ObserveReason reason);
void thread_finish(struct Thread *thread);
void thread_suspend(struct Thread *thread);
void thread_set_priority(struct Thread *thread, uint8_t priority);
void choose_next(void);
uint64_t cycles_of_idle(void);
uint64_t cycles_of_running(void);

/* time.c */
Ticks tick_count(void);
uint64_t tick_count_long(void);
void time_init(void);
void expire_sleepers(void);
void timer_program(void);
void timer_ensure_slice(const struct Thread *thread);
void timer_fire_now(void);
void timer_stop(void);

/* blocking.c */
void block_running(TimeoutArgument timeout, struct Link *queue, const volatile void *object, enum ObserveWait wait);

static inline struct Thread *waiting_thread(struct Link *link)
{
	return holder_of(link, struct Thread, wait);
}
