/* Event groups under their older names. */
#include <event.h>

int event_create(TimeoutArgument timeout, AllocatorCapability heapCapability, struct EventGroup **outGroup)
{
	return eventgroup_create(timeout, heapCapability, outGroup);
}

int event_delete(AllocatorCapability heapCapability, struct EventGroup *group)
{
	return eventgroup_destroy(heapCapability, group);
}

int event_bits_wait(TimeoutArgument timeout, struct EventGroup *group, uint32_t *outBits, uint32_t bitsWanted,
                    _Bool clearOnExit, _Bool waitForAll)
{
	return eventgroup_wait(timeout, group, outBits, bitsWanted, waitForAll, clearOnExit);
}

int event_bits_set(struct EventGroup *group, uint32_t *outBits, uint32_t bitsToSet)
{
	return eventgroup_set(TimeoutWaitForever, group, outBits, bitsToSet);
}

int event_bits_clear(struct EventGroup *group, uint32_t *outBits, uint32_t bitsToClear)
{
	return eventgroup_clear(TimeoutWaitForever, group, outBits, bitsToClear);
}

int event_bits_get(struct EventGroup *group, uint32_t *outBits)
{
	return eventgroup_get(group, outBits);
}
