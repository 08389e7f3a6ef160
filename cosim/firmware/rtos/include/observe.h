/* What a trusted compartment tells the observer of a simulation: one function a service event.

   A record is written into the compartment's own event window in simulation control: up to seven slots of 8 bytes, in
   which capabilities keep their tags, then the word that names the event and closes the record. The window is the
   import "events" of the compartment. Call these with interrupts disabled, right after the change they report.
   Capabilities are passed as they are, not as addresses: the observer makes the digests and finds the names. */
#pragma once

#include <compartment-macros.h>
#include <stdbool.h>
#include <stdint.h>

struct ObserveWindow {
	void *volatile slots[7];
	volatile uint32_t event;
};

enum ObserveEvent {
	ObserveBlock = 1,
	ObserveReady = 2,
	ObserveBoost = 3,
	ObserveAlloc = 4,
	ObserveFree = 5,
	ObserveClaim = 6,
	ObserveSealKey = 7,
};

/* What a thread waits for, and until when. */
enum ObserveWait { ObserveWaitFutex = 0, ObserveWaitMultiwaiter = 1, ObserveWaitSleep = 2 };
enum ObserveDeadline { ObserveDeadlineNone = 0, ObserveDeadlineTicks = 1, ObserveDeadlineAbsolute = 2 };
/* Why a thread is ready again. */
enum ObserveReason {
	ObserveReasonTimer = 0,
	ObserveReasonFutex = 1,
	ObserveReasonMulti = 2,
	ObserveReasonDelete = 3,
	ObserveReasonEarly = 4,
};
/* What came of a release. */
enum ObserveAction {
	ObserveFreed = 0,
	ObserveDeferredHazard = 1,
	ObserveOwnerDropped = 2,
	ObserveClaimDropped = 3,
	ObserveRefused = 4,
};

#define OBSERVE_WINDOW MMIO_CAPABILITY_WITH_PERMISSIONS(struct ObserveWindow, events, false, true, true, false)

/* Thread `thread` left the ready set. `object` points to the futex word or is the multiwaiter (unsealed); anything for
   a sleep. `ticks` counts for ObserveDeadlineTicks only. */
static inline void observe_block(uint32_t thread, const volatile void *object, enum ObserveWait wait,
                                 enum ObserveDeadline deadline, uint32_t ticks)
{
	volatile struct ObserveWindow *window = OBSERVE_WINDOW;
	window->slots[0] = (void *)thread;
	window->slots[1] = (void *)object;
	window->slots[2] = (void *)wait;
	window->slots[3] = (void *)deadline;
	window->slots[4] = (void *)ticks;
	window->event = ObserveBlock;
}

/* Thread `thread` is in the ready set again. */
static inline void observe_ready(uint32_t thread, enum ObserveReason reason)
{
	volatile struct ObserveWindow *window = OBSERVE_WINDOW;
	window->slots[0] = (void *)thread;
	window->slots[1] = (void *)reason;
	window->event = ObserveReady;
}

/* The effective priority of a thread changed. */
static inline void observe_boost(uint32_t thread, uint32_t old, uint32_t new)
{
	volatile struct ObserveWindow *window = OBSERVE_WINDOW;
	window->slots[0] = (void *)thread;
	window->slots[1] = (void *)old;
	window->slots[2] = (void *)new;
	window->event = ObserveBoost;
}

/* An allocation attempt finished. `quota` points to the body of the quota (or is its handle), `size` is what was asked
   for, `charge` the bytes taken from the quota. `result` is a capability to the whole new object, its header left out
   and a sealed object's key number included; or the negative code, untagged, with charge 0. */
static inline void observe_alloc(const volatile void *quota, uint32_t size, uint32_t charge,
                                 const volatile void *result)
{
	volatile struct ObserveWindow *window = OBSERVE_WINDOW;
	window->slots[0] = (void *)quota;
	window->slots[1] = (void *)size;
	window->slots[2] = (void *)charge;
	window->slots[3] = (void *)result;
	window->event = ObserveAlloc;
}

/* A release finished. `quota` as for observe_alloc, null if the handle was none; `object` has its base inside the
   object, null if there is none. */
static inline void observe_free(const volatile void *quota, const volatile void *object, enum ObserveAction action)
{
	volatile struct ObserveWindow *window = OBSERVE_WINDOW;
	window->slots[0] = (void *)quota;
	window->slots[1] = (void *)object;
	window->slots[2] = (void *)action;
	window->event = ObserveFree;
}

/* A claim was taken; `count` is the new number of this quota's claims on the object. */
static inline void observe_claim(const volatile void *quota, const volatile void *object, uint32_t count)
{
	volatile struct ObserveWindow *window = OBSERVE_WINDOW;
	window->slots[0] = (void *)quota;
	window->slots[1] = (void *)object;
	window->slots[2] = (void *)count;
	window->event = ObserveClaim;
}

/* A dynamic sealing key was made; ordinals count from 1. */
static inline void observe_sealkey(uint32_t ordinal)
{
	volatile struct ObserveWindow *window = OBSERVE_WINDOW;
	window->slots[0] = (void *)ordinal;
	window->event = ObserveSealKey;
}
