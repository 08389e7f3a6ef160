/* Waiting until freed memory can be used again. Both are called with the lock held; true if it is held again at the
   end, false if the time ran out, and then it is not held. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <timeout.h>

/* Wait until a whole sweep has gone by since `epoch`. */
bool quarantine_wait(TimeoutArgument timeout, uint32_t epoch);

/* The same for what was freed first of all that is in quarantine; there must be something. */
bool quarantine_wait_for_oldest(TimeoutArgument timeout);
