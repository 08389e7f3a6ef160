/* Capabilities out of the three roots. Bounds are exact, or the image is refused. */

#include "loader.h"

static void *bounded(struct Loader *loader, void *root, uint32_t start, uint32_t size, unsigned permissions)
{
	void *found = cheri_bounds_set_exact(cheri_address_set(root, start), size);
	if (!cheri_tag_get(found))
		refuse(loader, "bounds that no capability has", start);
	return cheri_permissions_and(found, permissions);
}

void *memory_at(struct Loader *loader, uint32_t start, uint32_t size, unsigned permissions)
{
	return bounded(loader, loader->memory, start, size, permissions);
}

void *code_at(struct Loader *loader, uint32_t start, uint32_t size, unsigned permissions)
{
	return bounded(loader, loader->code, start, size, permissions);
}

/* A sealing capability for `count` types from `first` on, which is also its address. */
void *key_for(struct Loader *loader, uint32_t first, uint32_t count, unsigned permissions)
{
	return bounded(loader, loader->sealing, first, count, permissions);
}

void *sealed_as(struct Loader *loader, void *capability, unsigned otype)
{
	return cheri_seal(capability, cheri_address_set(loader->sealing, otype));
}

uint32_t word_at(struct Loader *loader, uint32_t address)
{
	return *(uint32_t *)cheri_address_set(loader->memory, address);
}

void put_capability(struct Loader *loader, uint32_t address, void *capability)
{
	*(void **)cheri_address_set(loader->memory, address) = capability;
}
