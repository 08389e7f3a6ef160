/* How long a call may block. Functions that can block take a TimeoutArgument first; one register holds it. Helpers for
   functions that receive one are in timeout_helpers.h. */
#pragma once

#include <cdefs.h>
#include <stdint.h>

typedef uint32_t Ticks;

#define UnlimitedTimeout UINT32_MAX /* as the remaining ticks */

typedef uint64_t AbsoluteMonotonicTimeout; /* in timer cycles */

#define TimeoutWaitForever ((AbsoluteMonotonicTimeout)UINT64_MAX)
#define TimeoutNoWait ((AbsoluteMonotonicTimeout)0)

/* A limit in ticks that several blocking calls share: each moves the time it blocked from one field to the other. It
   must not lie in the heap. */
typedef struct Timeout {
	Ticks elapsed;
	Ticks remaining;
} Timeout;

/* A tagged value is a pointer to a Timeout, any other an absolute time. */
typedef union __attribute__((transparent_union)) {
	AbsoluteMonotonicTimeout absoluteTimeout;
	Timeout *relativeTimeout;
} TimeoutArgument;

_Static_assert(sizeof(TimeoutArgument) == sizeof(void *), "a TimeoutArgument is one register");
