"""What programs see of the RTOS's services: results, order of threads, time. Expectations are the specification's."""

import pytest

from cosim.run import Verdict
from tests.rtos.programs import lines_of, printed, system_of

FUTEX = """
static uint32_t word;
void entry H(void)
{
	Timeout t = {0, 3};
	say("wait", futex_timed_wait(&t, &word, 0, 0)); say("elapsed", t.elapsed);
	say("time-out", futex_timed_wait(&t, &word, 1, 0)); say("elapsed", t.elapsed);
	say("mismatch", futex_wait(&word, 9)); say("misaligned", futex_wait((uint32_t *)((char *)&word + 1), 0));
	say("null", futex_wait(NULL, 0)); say("null", futex_wake(NULL, 1));
	say("own word", futex_timed_wait(TimeoutWaitForever, &word, 1, FutexPriorityInheritance));
	say("no wait", futex_timed_wait(TimeoutNoWait, &word, 1, 0));
	Timeout early = {0, 50};
	say("early", thread_sleep(&early, 0)); say("elapsed", early.elapsed);
}
void entry L(void)
{
	word = 1;
	say("woke", futex_wake(&word, 1));
}
"""
WAITED = """
1: wait 0
1: elapsed 0
2: woke 1
1: time-out -110
1: elapsed 3
1: mismatch 0
1: misaligned -22
1: null -22
1: null -22
1: own word -22
1: no wait -110
1: early 0
1: elapsed 0
"""
LOCKS = """
static struct FlagLockState pi;
static struct CountingSemaphoreState semaphore = {0, 2};
static struct BarrierState barrier = {2};
static struct RecursiveMutexState mutex;
void entry H(void)
{
	sleep_ticks(1);
	Timeout two = {0, 2}, nine = {0, 9};
	say("lock", flaglock_priority_inheriting_trylock(&two, &pi)); say("elapsed", two.elapsed);
	say("lock", flaglock_priority_inheriting_trylock(&nine, &pi));
	say("owner", flaglock_priority_inheriting_get_owner_thread_id(&pi));
	say("again", flaglock_priority_inheriting_trylock(&nine, &pi));
	flaglock_unlock(&pi);
	say("get", semaphore_get(TimeoutNoWait, &semaphore)); say("put", semaphore_put(&semaphore));
	say("put", semaphore_put(&semaphore)); say("put", semaphore_put(&semaphore));
	say("recursive", recursivemutex_trylock(TimeoutNoWait, &mutex));
	say("recursive", recursivemutex_trylock(TimeoutNoWait, &mutex));
	recursivemutex_unlock(&mutex); say("depth", mutex.depth); recursivemutex_unlock(&mutex);
	say("barrier", barrier_wait(&barrier));
	flaglock_upgrade_for_destruction(&pi); say("doomed", flaglock_trylock(TimeoutNoWait, &pi));
}
void entry M(void)
{
	sleep_ticks(1);
	for (int i = 0; i < 4; i++) { say("runs", i); sleep_ticks(1); }
}
void entry L(void)
{
	flaglock_priority_inheriting_trylock(TimeoutNoWait, &pi);
	sleep_ticks(4);
	say("unlock", 0);
	flaglock_unlock(&pi);
	say("barrier", barrier_wait(&barrier));
}
"""
LOCKED = """
2: runs 0
2: runs 1
1: lock -110
1: elapsed 2
2: runs 2
3: unlock 0
1: lock 0
1: owner 1
1: again -22
1: get -110
1: put 0
1: put 0
1: put -22
1: recursive 0
1: recursive 0
1: depth 1
1: barrier 1
1: doomed -3
3: barrier 0
2: runs 3
"""
OBJECTS = """
static struct MessageQueue *queue;
static struct MessageQueue *handle;
static struct EventGroup *group;
static MultiWaiter waiter;
static uint32_t first, second;
static void fault(void *x) { *(volatile int *)x; }
void entry H(void)
{
	uint32_t message = 7, bits = 99;
	size_t items;
	say("create", queue_create(TimeoutNoWait, QUOTA, &queue, sizeof message, 2));
	for (int i = 0; i < 3; i++, message++) say("send", queue_send(TimeoutNoWait, queue, &message));
	say("short", queue_receive(TimeoutNoWait, queue, cheri_bounds_set(&message, 3)));
	queue_items_remaining(queue, &items); say("items", items);
	say("protect", unwind_protect(fault, NULL));
	say("receive", queue_receive(TimeoutNoWait, queue, &message)); say("message", message);
	say("destroy", queue_destroy(STATIC_SEALED_VALUE(other), queue)); say("destroy", queue_destroy(QUOTA, queue));
	say("sealed", queue_create_sealed(TimeoutNoWait, QUOTA, &handle, sizeof message, 2));
	say("send", queue_send_sealed(TimeoutNoWait, queue_permissions_and(handle, MessageQueuePermitReceive), &message));
	say("send", queue_send_sealed(TimeoutNoWait, handle, &message)); message = 0;
	say("receive", queue_receive_sealed(TimeoutWaitForever, handle, &message)); say("message", message);
	say("destroy", queue_destroy_sealed(TimeoutNoWait, QUOTA, handle));
	say("group", eventgroup_create(TimeoutNoWait, QUOTA, &group));
	say("wait", eventgroup_wait(TimeoutWaitForever, group, &bits, 3, true, true)); say("bits", bits);
	say("multi", multiwaiter_create(TimeoutNoWait, QUOTA, &waiter, 2));
	struct EventWaiterSource sources[2] = {{&first, 0}, {&second, 0}};
	say("wait", multiwaiter_wait(TimeoutWaitForever, waiter, sources, 2));
	say("first", sources[0].value); say("second", sources[1].value);
	sources[0].value = 0; sources[1].value = 1;
	say("too many", multiwaiter_wait(TimeoutNoWait, waiter, sources, 3));
	say("delete", multiwaiter_delete(QUOTA, waiter)); say("delete", multiwaiter_delete(QUOTA, waiter));
	say("quota", heap_quota_remaining(QUOTA));
}
void entry L(void)
{
	uint32_t bits;
	say("set", eventgroup_set(TimeoutWaitForever, group, &bits, 1)); say("bits", bits);
	say("set", eventgroup_set(TimeoutWaitForever, group, &bits, 2)); say("bits", bits);
	second = 1; say("woke", futex_wake(&second, 1));
}
"""
MADE = """
1: create 0
1: send 0
1: send 0
1: send -110
1: short -2
1: items 2
1: protect 1
1: receive 0
1: message 7
1: destroy -2
1: destroy 0
1: sealed 0
1: send -2
1: send 0
1: receive 0
1: message 7
1: destroy 0
1: group 0
2: set 0
2: bits 1
1: wait 0
1: bits 3
1: multi 0
2: set 0
2: bits 0
1: wait 0
1: first 0
1: second 1
1: too many -22
1: delete 0
1: delete -22
1: quota 984
2: woke 1
"""
CALLBACKS = """
static const volatile uint32_t *counter;
static TimerHandle once, periodic;
static TokenKey key;
__cheri_callback void job(CHERI_SEALED(void *) data) { say("job", (int)data); }
__cheri_callback void crash(CHERI_SEALED(void *) data) { *(volatile int *)data; }
__cheri_callback void object(CHERI_SEALED(void *) data)
{
	say("object", *(int *)thread_pool_object(&key, data)); say("done", thread_pool_object_done(&key, data));
}
__cheri_callback void tick(CHERI_SEALED(void *) data) { say("tick", thread_systemtick_get().lo); }
void entry H(void)
{
	int captured = 42;
	say("no right", cheri_tag_get(interrupt_futex_get(NULL)));
	counter = interrupt_futex_get(STATIC_SEALED_VALUE(right));
	say("length", cheri_length_get(counter)); say("permissions", cheri_permissions_get(counter));
	say("wait", futex_wait(counter, 0)); say("count", *counter);
	say("complete", interrupt_complete(STATIC_SEALED_VALUE(right)));
	say("complete", interrupt_complete(STATIC_SEALED_VALUE(waitonly)));
	say("async", thread_pool_async(job, (void *)7)); say("async", thread_pool_async(crash, NULL));
	say("async", thread_pool_async_object(&key, object, &captured, sizeof captured));
	say("async", thread_pool_async((void *)&captured, NULL));
	sleep_ticks(1);
	say("timer", timer_create(TimeoutNoWait, QUOTA, &once, tick, NULL));
	say("timer", timer_create(TimeoutNoWait, QUOTA, &periodic, tick, NULL));
	say("start", timer_start(TimeoutNoWait, once, 5, 0)); say("start", timer_start(TimeoutNoWait, periodic, 3, 2));
	sleep_ticks(8);
	say("stop", timer_stop(TimeoutNoWait, periodic)); sleep_ticks(8);
	say("destroy", timer_destroy(TimeoutNoWait, STATIC_SEALED_VALUE(other), periodic));
	say("destroy", timer_destroy(TimeoutNoWait, QUOTA, periodic));
	say("destroy", timer_destroy(TimeoutNoWait, QUOTA, once));
	say("quota", heap_quota_remaining(QUOTA));
}
void entry L(void) { raise_interrupt(12); say("raised", 0); }
"""
CALLED = """
1: no right 0
1: length 4
1: permissions 33
1: wait 0
1: count 1
1: complete 0
1: complete -2
1: async 0
1: async 0
1: async 0
1: async -22
3: job 7
3: object 42
3: done 0
2: raised 0
1: timer 0
1: timer 0
1: start 0
1: start 0
4: tick 4
4: tick 6
4: tick 6
4: tick 8
1: stop 0
1: destroy -2
1: destroy 0
1: destroy 0
1: quota 1024
"""
WAITING = """
void entry H(void)
{
	say("spun", thread_microsecond_spin(20000) >= 20000);
	uint64_t start = monotonic_time(), took = thread_millisecond_wait(250);
	say("waited", took >= 250 && took < 260); say("cycles", monotonic_time() - start >= 25000);
}
void entry L(void) { say("runs meanwhile", 0); }
"""
WAITS = """
1: spun 1
2: runs meanwhile 0
1: waited 1
1: cycles 1
"""
SERVICES = (("thread_pool", "thread_pool_run"), ("timer_service", "timer_service_run"))


@pytest.mark.parametrize(
    "program, priorities, expected",
    [
        pytest.param(FUTEX, {"H": 3, "L": 1}, WAITED, id="futex"),
        pytest.param(LOCKS, {"H": 3, "M": 2, "L": 1}, LOCKED, id="locks"),
        pytest.param(OBJECTS, {"H": 3, "L": 1}, MADE, id="queues, event groups, multiwaiters"),
    ],
)
def test_program(program, priorities, expected):
    """Runs to the end of all threads, which ends the simulation (TH-7)."""
    lines, result = printed(system_of(program, priorities))
    assert lines == lines_of(expected)
    assert (result.verdict, result.program_code) == (Verdict.EXIT, 0)


def test_waiting_for_real_time():
    """Short waits spin, long ones sleep whole ticks first."""
    lines, result = printed(system_of(WAITING, {"H": 3, "L": 1}), scripted=False)
    assert lines == lines_of(WAITS)
    assert (result.verdict, result.program_code) == (Verdict.EXIT, 0)


def test_services_that_call_back():
    """Interrupt words, pool and timers; the services' threads go on waiting at the end."""
    lines, result = printed(system_of(CALLBACKS, {"H": 3, "L": 1}, SERVICES))
    assert lines == lines_of(CALLED)
    assert result.verdict is Verdict.ASLEEP
