/* Who is ready, who runs next, and every move between the sets of threads. */
#include "thread_state.h"
#include <monotonic_time.h>

#define PRIORITIES 32

struct Thread threads[CONFIG_THREADS_NUM];
struct Thread *running;
struct Link sleepers;
struct Link futexWaiters, multiWaiters;
uint32_t liveThreads;

static struct Link rings[PRIORITIES]; /* the thread after a ring's own link is its head */
static uint32_t readyPriorities;      /* a bit for each ring that is not empty */
static uint64_t idleCycles, accountedUntil;

void threads_init(void)
{
	for (uint32_t priority = 0; priority < PRIORITIES; priority++)
		link_init(&rings[priority]);
	link_init(&sleepers);
	link_init(&futexWaiters);
	link_init(&multiWaiters);
	accountedUntil = monotonic_time();
}

struct Thread *thread_by_id(uint32_t id)
{
	return id >= 1 && id <= CONFIG_THREADS_NUM ? &threads[id - 1] : NULL;
}

/* -1: nobody is ready. */
int highest_ready_priority(void)
{
	return readyPriorities ? 31 - __builtin_clz(readyPriorities) : -1;
}

bool has_ready_peers(const struct Thread *thread)
{
	return thread->ring.next != thread->ring.previous;
}

static void enter_ring(struct Thread *thread)
{
	link_insert_before(&rings[thread->priority], &thread->ring);
	readyPriorities |= 1U << thread->priority;
}

static void leave_ring(struct Thread *thread)
{
	link_remove(&thread->ring);
	if (link_alone(&rings[thread->priority]))
		readyPriorities &= ~(1U << thread->priority);
}

/* Behind every waiter of the same or a higher priority. */
static void enter_queue(struct Thread *thread)
{
	struct Link *place = thread->queue->next;
	while (place != thread->queue && waiting_thread(place)->priority >= thread->priority)
		place = place->next;
	link_insert_before(place, &thread->wait);
}

/* Behind every sleeper that is due no later. */
static void enter_sleepers(struct Thread *thread)
{
	struct Link *place = sleepers.next;
	while (place != &sleepers && holder_of(place, struct Thread, sleep)->deadline <= thread->deadline)
		place = place->next;
	link_insert_before(place, &thread->sleep);
}

/* A new thread, whose id, trusted stack and priority are set. */
void thread_start(struct Thread *thread)
{
	link_init(&thread->ring);
	link_init(&thread->sleep);
	link_init(&thread->wait);
	thread->priority = thread->basePriority;
	thread->state = ThreadReady;
	enter_ring(thread);
	liveThreads++;
}

/* Never pre-empts by itself. */
void thread_make_ready(struct Thread *thread, enum ObserveReason reason)
{
	link_remove(&thread->sleep);
	link_remove(&thread->wait);
	thread->queue = NULL;
	thread->yielding = false;
	thread->state = ThreadReady;
	enter_ring(thread);
	observe_ready(thread->id, reason);
}

/* Nothing that it holds is released. */
void thread_finish(struct Thread *thread)
{
	leave_ring(thread);
	thread->state = ThreadExited;
	liveThreads--;
}

/* Out of the ready set; its deadline and its queue (or null) are set. */
void thread_suspend(struct Thread *thread)
{
	leave_ring(thread);
	thread->state = ThreadSuspended;
	if (thread->queue)
		enter_queue(thread);
	enter_sleepers(thread);
}

/* Change the effective priority: to the tail of the new ring, or behind the new equals in its queue. */
void thread_set_priority(struct Thread *thread, uint8_t priority)
{
	if (priority == thread->priority)
		return;
	observe_boost(thread->id, thread->priority, priority);
	if (thread->state == ThreadReady)
		leave_ring(thread);
	thread->priority = priority;
	if (thread->state == ThreadReady)
		enter_ring(thread);
	if (thread->queue) {
		link_remove(&thread->wait);
		enter_queue(thread);
	}
}

static void account(void)
{
	uint64_t now = monotonic_time();
	uint64_t *spent = running ? &running->cycles : &idleCycles;
	*spent += now - accountedUntil;
	accountedUntil = now;
}

uint64_t cycles_of_idle(void)
{
	return idleCycles;
}

uint64_t cycles_of_running(void)
{
	return running->cycles + monotonic_time() - accountedUntil;
}

/* The outgoing thread goes behind its peers; then the head of the highest ring runs. */
void choose_next(void)
{
	if (running && running->state == ThreadReady) {
		struct Link *ring = &rings[running->priority];
		link_remove(ring);
		link_insert_before(running->ring.next, ring);
	}
	int highest = highest_ready_priority();
	struct Thread *incoming = highest < 0 ? NULL : holder_of(rings[highest].next, struct Thread, ring);
	if (incoming == running)
		return;
	account();
	running = incoming;
	if (incoming)
		incoming->sliceStart = accountedUntil;
}
