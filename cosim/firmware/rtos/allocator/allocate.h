/* Allocation: attempts, and waiting for what is missing. */
#pragma once

#include "chunks.h"
#include "quota.h"

#include <timeout.h>

/* Why an attempt got nothing. */
enum Refusal {
	RefusedForever = -1,
	RefusedQuota = -2,
	RefusedRevocation = -3,
	RefusedFull = -4,
};

/* One attempt with the lock held: the place of a chunk that the quota has paid for, or a Refusal. `keep` is a deferred
   object that the memory is to claim, or NOWHERE. */
int allocate_attempt(struct Quota *quota, uint32_t request, Place keep);

/* An object on the quota, or an untagged error. Called with the lock held, which is given up. */
void *allocate(TimeoutArgument timeout, struct Quota *quota, uint32_t request, uint32_t flags, bool sealed);
