/* The heap: memory is paid for by the quota that an allocation names. Further heap functions are in allocator.h.
   Functions that return a pointer report failure as an untagged one, whose address is the negated error number. */
#pragma once

#include <cdefs.h>
#include <cheri.h>
#include <compartment-macros.h>
#include <stddef.h>
#include <stdint.h>
#include <timeout.h>

#ifndef MALLOC_WAIT_TICKS
#define MALLOC_WAIT_TICKS 30 /* how long malloc and calloc may wait */
#endif

/* The body of a quota as it is defined in a program; the allocator keeps its accounts in it. */
struct AllocatorCapabilityState {
	size_t quota; /* bytes that may be allocated */
	size_t unused;
	uintptr_t reserved[2];
};

/* The right to allocate on a quota: a static object sealed with allocator.MallocKey. */
typedef struct AllocatorCapabilityState *AllocatorCapability;

/* Quotas exist by the system's description, which gives their sizes; a program names those that it uses. */
#define DECLARE_ALLOCATOR_CAPABILITY(name) _Static_assert(sizeof(#name) > 1, "a quota has a name");

/* What an allocation may wait for, as long as its time limit lasts. */
enum AllocateWaitFlags {
	AllocateWaitNone = 0,
	AllocateWaitRevocationNeeded = 1 << 0, /* memory that has been freed but not yet revoked */
	AllocateWaitQuotaExceeded = 1 << 1,
	AllocateWaitHeapFull = 1 << 2,
	AllocateWaitAny = AllocateWaitRevocationNeeded | AllocateWaitQuotaExceeded | AllocateWaitHeapFull,
};

/* Zeroed memory on a quota: -EPERM if the quota cannot be used, -EINVAL for a size that can never be had or a bad time
   limit, -ENOMEM or -EAGAIN (revocation) for what the flags do not allow to wait for, -ETIMEDOUT. */
__cheri_compartment("allocator") void *heap_allocate(TimeoutArgument timeout, AllocatorCapability quota, size_t size,
                                                     uint32_t flags);
__cheri_compartment("allocator") void *heap_allocate_array(TimeoutArgument timeout, AllocatorCapability quota,
                                                           size_t count, size_t size, uint32_t flags);

/* Give up ownership, or one claim: 0, -EPERM, -EINVAL. The owner's pointer must cover the whole object. */
__cheri_compartment("allocator") int heap_free(AllocatorCapability quota, void *object);

extern const char __heap_start[], __heap_end[];

/* Does the capability's base lie in the heap? Only heap objects have such a base, valid or not. */
static inline _Bool heap_address_is_valid(const void *object)
{
	ptraddr_t base = cheri_base_get(object);
	return base >= (ptraddr_t)__heap_start && base < (ptraddr_t)__heap_end;
}

/* An illegal instruction: for what must not happen. */
static inline _Noreturn void panic(void)
{
	__asm__ volatile("unimp");
	__builtin_unreachable();
}

static inline _Noreturn void abort(void)
{
	panic();
}

#ifndef CHERIOT_NO_AMBIENT_MALLOC
static inline void *malloc(size_t size)
{
	Timeout limit = {0, MALLOC_WAIT_TICKS};
	void *object = heap_allocate(&limit, MALLOC_CAPABILITY, size, AllocateWaitRevocationNeeded);
	return cheri_tag_get(object) ? object : NULL;
}

static inline void *calloc(size_t count, size_t size)
{
	Timeout limit = {0, MALLOC_WAIT_TICKS};
	void *object = heap_allocate_array(&limit, MALLOC_CAPABILITY, count, size, AllocateWaitRevocationNeeded);
	return cheri_tag_get(object) ? object : NULL;
}

static inline int free(void *object)
{
	return heap_free(MALLOC_CAPABILITY, object);
}
#endif
