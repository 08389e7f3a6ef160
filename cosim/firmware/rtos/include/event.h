/* Event groups: 24 bits that threads set, clear and wait for. A library on memory of the caller's quota. */
#pragma once

#include <allocator.h>
#include <cdefs.h>
#include <stdint.h>
#include <timeout.h>

struct EventGroup;

/* 0; -ERANGE if the threads cannot be counted; -ENOMEM, with the untagged error in `*outGroup`. */
__cheri_libcall int eventgroup_create(TimeoutArgument timeout, AllocatorCapability heapCapability,
                                      struct EventGroup **outGroup);
/* Wait for any or all of some bits: 0 with the bits as they were before clearing, -ETIMEDOUT, -ERANGE. */
__cheri_libcall int eventgroup_wait(TimeoutArgument timeout, struct EventGroup *group, uint32_t *outBits,
                                    uint32_t bitsWanted, _Bool waitForAll, _Bool clearOnExit);
/* 0 with the bits afterwards, -ETIMEDOUT with the bits as they are. */
__cheri_libcall int eventgroup_set(TimeoutArgument timeout, struct EventGroup *group, uint32_t *outBits,
                                   uint32_t bitsToSet);
__cheri_libcall int eventgroup_clear(TimeoutArgument timeout, struct EventGroup *group, uint32_t *outBits,
                                     uint32_t bitsToClear);
__cheri_libcall int eventgroup_get(struct EventGroup *group, uint32_t *outBits);
/* Wake whoever waits and free: the result of heap_free(). The second does not take the lock first. */
__cheri_libcall int eventgroup_destroy(AllocatorCapability heapCapability, struct EventGroup *group);
__cheri_libcall int eventgroup_destroy_force(AllocatorCapability heapCapability, struct EventGroup *group);

/* Older names. Note the order of the two flags. */
__cheri_libcall int event_create(TimeoutArgument timeout, AllocatorCapability heapCapability,
                                 struct EventGroup **outGroup);
__cheri_libcall int event_delete(AllocatorCapability heapCapability, struct EventGroup *group);
__cheri_libcall int event_bits_wait(TimeoutArgument timeout, struct EventGroup *group, uint32_t *outBits,
                                    uint32_t bitsWanted, _Bool clearOnExit, _Bool waitForAll);
__cheri_libcall int event_bits_set(struct EventGroup *group, uint32_t *outBits, uint32_t bitsToSet);
__cheri_libcall int event_bits_clear(struct EventGroup *group, uint32_t *outBits, uint32_t bitsToClear);
__cheri_libcall int event_bits_get(struct EventGroup *group, uint32_t *outBits);
