/* Import tables: each entry becomes the one capability that it names (CP-2). What it may name is in the image format;
   anything else is refused. */

#include "loader.h"

extern const char __heap_start[], __heap_end[], __shared_start[], __shared_end[];

/* A function of a library, of the switcher, or one's own with another interrupt posture. */
static void *sentry(struct Loader *loader, const struct Unit *importer, uint32_t address)
{
	struct Unit owner;
	if (!find_export(loader, address, &owner) || (!owner.isLibrary && owner.exports != importer->exports))
		refuse(loader, "an import of a function that no library has", address);
	struct ExportEntry entry = export_at(loader, address);
	unsigned otype = OTYPE_SENTRY_INHERIT;
	if (entry.flags & EXPORT_DISABLED)
		otype = OTYPE_SENTRY_DISABLE;
	else if (entry.flags & EXPORT_ENABLED)
		otype = OTYPE_SENTRY_ENABLE;
	return sealed_as(loader, cheri_address_set(owner.pcc, cheri_base_get(owner.pcc) + entry.function), otype);
}

/* The first visit replaces the address of the key's export entry, in the object's header, by the key's number. */
static void *sealed_object(struct Loader *loader, const struct Unit *importer, uint32_t address, uint32_t size)
{
	if (size < SEALED_OBJECT_SIZE || size > importer->sealedEnd - address)
		refuse(loader, "a sealed object that does not fit its place", address);
	uint32_t *key = cheri_address_set(loader->memory, address);
	if (*key > KEY_STATIC_LAST) {
		struct Unit owner;
		struct ExportEntry entry;
		if (!find_export(loader, *key, &owner))
			refuse(loader, "a sealed object with an unknown key", address);
		entry = export_at(loader, *key);
		if (!(entry.flags & EXPORT_SEALING_TYPE) || entry.function < KEY_STATIC_FIRST)
			refuse(loader, "a sealed object whose key nobody imports", address);
		*key = entry.function;
	}
	void *object = memory_at(loader, address, size, PERM_GLOBALS);
	object = cheri_address_set(object, address + SEALED_OBJECT_SIZE + SOFTWARE_PERMISSIONS);
	return sealed_as(loader, object, OTYPE_TOKEN_STATIC);
}

static unsigned permissions_of(uint32_t bits)
{
	unsigned found = CHERI_PERM_GLOBAL;
	if (bits & IMPORT_LOAD)
		found |= CHERI_PERM_LOAD;
	if (bits & IMPORT_STORE)
		found |= CHERI_PERM_STORE;
	if (bits & IMPORT_CAPABILITIES)
		found |= CHERI_PERM_LOAD_STORE_CAP;
	if (bits & IMPORT_LOAD_MUTABLE)
		found |= CHERI_PERM_LOAD_MUTABLE;
	if (bits & IMPORT_LOAD_GLOBAL)
		found |= CHERI_PERM_LOAD_GLOBAL;
	return found;
}

/* A device, a pre-shared object, or for the allocator the heap. */
static void *memory_import(struct Loader *loader, const struct Unit *importer, struct ImportEntry import)
{
	uint32_t start = import.address, size = import.sizeAndPermissions & IMPORT_SIZE_MASK;
	unsigned permissions = permissions_of(import.sizeAndPermissions);
	if ((import.sizeAndPermissions & ~(IMPORT_SIZE_MASK | IMPORT_PERMISSIONS)) || !(permissions & (CHERI_PERM_LOAD | CHERI_PERM_STORE)))
		refuse(loader, "an import with permissions that do not exist", start);
	uint32_t end = start + size;
	uint32_t heap = cheri_address_get(__heap_start);
	if (importer->isAllocator && start == heap && end == cheri_address_get(__heap_end)) {
		void *found = cheri_address_set(loader->memory, start);
		return cheri_permissions_and(__builtin_cheri_bounds_set_rounded_down(found, size), permissions);
	}
	bool shared = start >= cheri_address_get(__shared_start) && end <= cheri_address_get(__shared_end);
	bool device = end <= PLATFORM_RAM || start >= PLATFORM_RAM_END;
	if (size == 0 || end < start || !(shared || device))
		refuse(loader, "an import of neither a device nor a shared object", start);
	return memory_at(loader, start, size, permissions);
}

static void load_import(struct Loader *loader, const struct Unit *unit, uint32_t slot)
{
	void *present = *(void **)cheri_address_set(loader->memory, slot);
	if (cheri_tag_get(present))
		return; /* a sealing key */
	struct ImportEntry import = *(struct ImportEntry *)cheri_address_set(loader->memory, slot);
	struct Unit owner;
	void *found;
	if (import.address & 1)
		found = sentry(loader, unit, import.address & ~1u);
	else if (within(import.address, unit->sealed, unit->sealedEnd))
		found = sealed_object(loader, unit, import.address, import.sizeAndPermissions & IMPORT_SIZE_MASK);
	else if (find_export(loader, import.address, &owner))
		found = sealed_export(loader, import.address);
	else
		found = memory_import(loader, unit, import);
	put_capability(loader, slot, found);
}

void load_imports(struct Loader *loader)
{
	for (unsigned index = 0; index < unit_count(loader); index++) {
		struct Unit unit;
		unit_of(loader, index, &unit);
		if (!unit.pcc)
			continue;
		put_capability(loader, unit.imports, loader->switcherEntry);
		for (uint32_t slot = unit.imports + IMPORT_SIZE; slot < unit.importsEnd; slot += IMPORT_SIZE)
			load_import(loader, &unit, slot);
	}
}
