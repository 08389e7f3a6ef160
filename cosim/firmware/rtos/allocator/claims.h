/* Long-term claims: records in the heap, listed from the object's header, one for each quota. */
#pragma once

#include "chunks.h"
#include "quota.h"

/* This quota's claim of an object, or null. */
struct ClaimRecord *claims_find(Place object, const struct Quota *quota);

/* Take one claim, or all of them, back; at the last the quota gets its charges back. */
void claims_drop(Place object, struct Quota *quota, bool all);
