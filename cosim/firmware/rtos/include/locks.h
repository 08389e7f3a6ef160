/* Locks and other means of synchronisation on words of the caller's. They serve threads that trust each other with the
   word: whoever can write it can break them. Without contention none of them leaves the compartment. */
#pragma once

#include <cdefs.h>
#include <stdint.h>
#include <thread.h>
#include <timeout.h>

/* Zero is unlocked. */
struct FlagLockState {
	volatile uint32_t lockWord;
};

struct TicketLockState {
	volatile uint32_t current;
	volatile uint32_t next;
};

struct RecursiveMutexState {
	struct FlagLockState lock;
	uint16_t depth;
};

/* The user sets both; the top bit of `count` belongs to the implementation. */
struct CountingSemaphoreState {
	volatile uint32_t count;
	uint32_t maxCount;
};

/* Threads still to arrive. */
struct BarrierState {
	volatile uint32_t remaining;
};

struct ConditionVariableState {
	volatile uint32_t sequenceCounter;
};

enum OnceStateMachineStates { OnceStateNotRun = 0, OnceStateRunning = 1, OnceStateRun = 2 };

struct OnceState {
	volatile uint32_t state;
};

/* 0, -ETIMEDOUT, -ENOENT if the lock is about to be destroyed, -EINVAL. */
__cheri_libcall int flaglock_trylock(TimeoutArgument timeout, struct FlagLockState *lock);
/* The same, and the owner runs at least at the priority of whoever waits. */
__cheri_libcall int flaglock_priority_inheriting_trylock(TimeoutArgument timeout, struct FlagLockState *lock);
/* Without limit. The result is lost: not for locks that may be destroyed. */
__cheri_libcall void flaglock_lock(struct FlagLockState *lock);
__cheri_libcall void flaglock_priority_inheriting_lock(struct FlagLockState *lock);
/* For both kinds. Nobody checks that the caller is the owner. */
__cheri_libcall void flaglock_unlock(struct FlagLockState *lock);
/* Whoever waits or comes later gets -ENOENT. */
__cheri_libcall void flaglock_upgrade_for_destruction(struct FlagLockState *lock);
/* 0 if it is free. */
__cheri_libcall uint16_t flaglock_priority_inheriting_get_owner_thread_id(struct FlagLockState *lock);

/* 0, -EOVERFLOW, or -ETIMEDOUT for any other failure. */
__cheri_libcall int recursivemutex_trylock(TimeoutArgument timeout, struct RecursiveMutexState *mutex);
__cheri_libcall int recursivemutex_unlock(struct RecursiveMutexState *mutex);

/* In order of arrival, whatever the priorities. */
__cheri_libcall void ticketlock_lock(struct TicketLockState *lock);
__cheri_libcall void ticketlock_unlock(struct TicketLockState *lock);

__cheri_libcall int semaphore_get(TimeoutArgument timeout, struct CountingSemaphoreState *semaphore);
/* 0, or -EINVAL at the maximum. */
__cheri_libcall int semaphore_put(struct CountingSemaphoreState *semaphore);

/* 0 for the last to arrive, 1 for who waited; a time-out does not take the arrival back. */
__cheri_libcall int barrier_timed_wait(TimeoutArgument timeout, struct BarrierState *barrier);

/* The number of threads woken. */
__cheri_libcall int condition_variable_notify(struct ConditionVariableState *conditionVariable, uint32_t waiters);
/* Gives the mutex up, waits for a notification, takes it again; with an error the mutex is not held. */
__cheri_libcall int condition_variable_wait(TimeoutArgument timeout, struct ConditionVariableState *conditionVariable,
                                            void *mutex, int (*mutexLock)(TimeoutArgument, void *),
                                            int (*mutexUnlock)(void *));

/* Always 0, when `callback` has run. */
__cheri_libcall int run_once(struct OnceState *state, void (*callback)(void));

static inline int barrier_wait(struct BarrierState *barrier)
{
	return barrier_timed_wait(TimeoutWaitForever, barrier);
}
