/* Heap functions beyond allocating and freeing: quotas, claims, quarantine. */
#pragma once

#include <cdefs.h>
#include <stddef.h>
#include <stdlib.h>
#include <timeout.h>
#include <token.h>

/* Permission bits of a quota's handle. Freeing one object and asking what remains need none. */
enum AllocatorPermission {
	AllocatorPermitNone = 0,
	AllocatorPermitAllocate = 1 << 0, /* and claim */
	AllocatorPermitFreeAll = 1 << 1,
	AllocatorPermitUnused = 1 << 2,
	AllocatorPermitFull = AllocatorPermitAllocate | AllocatorPermitFreeAll | AllocatorPermitUnused,
};

static inline int allocator_permissions(AllocatorCapability quota)
{
	return token_permissions_get(quota);
}

static inline AllocatorCapability allocator_permissions_and(AllocatorCapability quota, int permissions)
{
	return (AllocatorCapability)token_permissions_and(quota, permissions);
}

/* Keep an object alive on this quota, also when its owner frees it, until as many heap_free: the size of its body,
   -EPERM, -EINVAL, -ENOMEM. */
__cheri_compartment("allocator") int heap_claim(AllocatorCapability quota, void *object);

/* Keep up to two objects alive until the calling thread's next compartment call or return, for free: 0, -EINVAL,
   -ETIMEDOUT. */
__cheri_libcall int heap_claim_ephemeral(TimeoutArgument timeout, const void *first, const void *second);
__cheri_libcall int heap_claim_fast(TimeoutArgument timeout, const void *first, const void *second);

/* What heap_free would return. */
__cheri_compartment("allocator") int heap_can_free(AllocatorCapability quota, void *object);

/* Free everything that the quota owns or claims, except sealed objects: the bytes, or -EPERM. */
__cheri_compartment("allocator") int heap_free_all(AllocatorCapability quota);

/* Bytes that may still be allocated, or -EPERM. */
__cheri_compartment("allocator") int heap_quota_remaining(AllocatorCapability quota);

/* Wait until everything freed before the call can be used again: 0, -EINVAL, -ETIMEDOUT. */
__cheri_compartment("allocator") int heap_quarantine_flush(TimeoutArgument timeout);

static inline int heap_quarantine_empty(void)
{
	return heap_quarantine_flush(TimeoutWaitForever);
}

/* Free bytes of the heap, without what is in quarantine. */
__cheri_compartment("allocator") __cheriot_minimum_stack(0x80) size_t heap_available(void);

/* A diagnostic print where it is built in: 0. */
__cheri_compartment("allocator") __cheriot_interrupts(disabled) int heap_render(void);
