/* Events for the observer of a simulation, in their place among those of other threads. */
#pragma once

#include "quota.h"

#include <observe.h>

void report_alloc(const struct Quota *quota, uint32_t size, uint32_t charge, const void *result);
void report_free(const struct Quota *quota, const void *object, enum ObserveAction action);
void report_claim(const struct Quota *quota, const void *object, uint32_t count);
