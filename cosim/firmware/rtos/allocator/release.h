/* Giving objects up. */
#pragma once

#include "quota.h"

/* What heap_free does and returns, with the lock held; a trial changes nothing. */
int release(AllocatorCapability handle, const void *pointer, bool trial);
