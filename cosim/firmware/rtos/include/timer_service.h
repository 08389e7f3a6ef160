/* Software timers. One thread, with the entry timer_service_run, calls all callbacks one after the other. At most 32
   timers exist; each lies on its maker's quota. */
#pragma once

#include <compartment.h>
#include <stdlib.h>
#include <timeout.h>
#include <token.h>

/* Runs in the compartment that made the timer, on the service's thread. */
typedef __cheri_callback void (*TimerCallback)(CHERI_SEALED(void *));

struct Timer;
typedef CHERI_SEALED(struct Timer *) TimerHandle;

/* Permission bits of handles. */
enum TimerPermission {
	TimerPermitStartStop = 1 << 0,
	TimerPermitDestroy = 1 << 2,
};

/* A timer that is not armed: 0, -EINVAL for a callback or data that the thread pool would not take, -ENOMEM. */
__cheri_compartment("timer_service") int timer_create(TimeoutArgument timeout, AllocatorCapability heapCapability,
                                                      TimerHandle *outTimer, TimerCallback callback,
                                                      CHERI_SEALED(void *) data);
/* Due after `delay` ticks, then every `period` ticks unless that is 0: 0, -EPERM, -EINVAL, -ETIMEDOUT. */
__cheri_compartment("timer_service") int timer_start(TimeoutArgument timeout, TimerHandle timer, Ticks delay,
                                                     Ticks period);
__cheri_compartment("timer_service") int timer_stop(TimeoutArgument timeout, TimerHandle timer);
/* 0, -EPERM (also for the wrong quota), -EINVAL. The callback does not start any more. */
__cheri_compartment("timer_service") int timer_destroy(TimeoutArgument timeout, AllocatorCapability heapCapability,
                                                       TimerHandle timer);

/* Never returns. */
__cheri_compartment("timer_service") int timer_service_run(void);
