/* Barrier, condition variable, run-once. */
#include "word.h"
#include <futex_helpers.h>
#include <locks.h>

/* The word's value after the change. */
static uint32_t add(volatile uint32_t *word, uint32_t value)
{
	uint32_t before;
	do
		before = *word;
	while (!locks_replace(word, before, before + value));
	return before + value;
}

int barrier_timed_wait(TimeoutArgument timeout, struct BarrierState *barrier)
{
	uint32_t remaining = add(&barrier->remaining, -1);
	if (remaining == 0) {
		word_notify(&barrier->remaining, WAKE_ALL);
		return 0;
	}
	while (remaining) {
		int result = word_wait(timeout, &barrier->remaining, remaining, FutexNone);
		if (result)
			return result;
		remaining = barrier->remaining;
	}
	return 1;
}

int condition_variable_notify(struct ConditionVariableState *conditionVariable, uint32_t waiters)
{
	add(&conditionVariable->sequenceCounter, 1);
	return word_notify(&conditionVariable->sequenceCounter, waiters);
}

int condition_variable_wait(TimeoutArgument timeout, struct ConditionVariableState *conditionVariable, void *mutex,
                            int (*mutexLock)(TimeoutArgument, void *), int (*mutexUnlock)(void *))
{
	uint32_t seen = conditionVariable->sequenceCounter;
	int result = mutexUnlock(mutex);
	if (result == 0)
		result = word_wait(timeout, &conditionVariable->sequenceCounter, seen, FutexNone);
	if (result == 0)
		result = mutexLock(timeout, mutex);
	return result;
}

int run_once(struct OnceState *state, void (*callback)(void))
{
	if (locks_replace(&state->state, OnceStateNotRun, OnceStateRunning)) {
		callback();
		state->state = OnceStateRun;
		word_notify(&state->state, WAKE_ALL);
	}
	while (state->state == OnceStateRunning)
		word_wait(TimeoutWaitForever, &state->state, OnceStateRunning, FutexNone);
	return 0;
}
