/* Quotas: who pays, and how much is left. */
#pragma once

#include <allocator.h>

/* The body of a quota, in the allocator's eyes. */
struct Quota {
	uint32_t left; /* bytes */
	uint16_t identity; /* the owner of objects; 0 until first used */
};

/* The quota of a handle that has the needed permission bits, or null. */
struct Quota *quota_open(AllocatorCapability handle, int needed);
