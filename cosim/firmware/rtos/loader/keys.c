/* Sealing keys: static ones by their imports, numbered from 16 on in the order of import tables (TK-1); those of the
   allocator and the token library, which lie in front of their import tables (CP-41). */

#include "loader.h"

/* An import of a key of one's own: an even address of a key's entry in one's own export table, and no size. */
static void load_key(struct Loader *loader, const struct Unit *unit, uint32_t slot)
{
	struct ImportEntry *import = cheri_address_set(loader->memory, slot);
	uint32_t address = import->address;
	if (import->sizeAndPermissions != 0 || address % sizeof(struct ExportEntry) ||
	    !within(address, unit->exports + EXPORT_TABLE_SIZE, unit->exportsEnd))
		return;
	struct ExportEntry *entry = cheri_address_set(loader->memory, address);
	if (!(entry->flags & EXPORT_SEALING_TYPE))
		return;
	if (loader->nextKey > KEY_STATIC_LAST)
		refuse(loader, "one static sealing key too many", slot);
	entry->function = loader->nextKey;
	put_capability(loader, slot, key_for(loader, loader->nextKey, 1, PERM_KEY_STATIC));
	loader->nextKey++;
}

/* Slots from the start of the code to the import table. */
static void load_core_key(struct Loader *loader, unsigned part, unsigned slot, void *key)
{
	const struct PrivilegedHeader *header = &loader->header->privileged[part];
	uint32_t address = header->code.start + 8 * slot;
	if (header->code.size != 0 && address < header->imports.start)
		put_capability(loader, address, key);
}

void load_keys(struct Loader *loader)
{
	for (unsigned index = 0; index < unit_count(loader); index++) {
		struct Unit unit;
		unit_of(loader, index, &unit);
		if (!unit.pcc)
			continue;
		for (uint32_t slot = unit.imports + IMPORT_SIZE; slot < unit.importsEnd; slot += IMPORT_SIZE)
			load_key(loader, &unit, slot);
	}
	load_core_key(loader, PRIVILEGED_TOKEN, 0, key_for(loader, OTYPE_TOKEN_DYNAMIC, 2, PERM_KEY));
	load_core_key(loader, PRIVILEGED_TOKEN, 1, key_for(loader, OTYPE_TOKEN_STATIC, 1, PERM_KEY_UNSEAL));
	load_core_key(loader, PRIVILEGED_TOKEN, 2, key_for(loader, OTYPE_TOKEN_DYNAMIC, 1, PERM_KEY_UNSEAL));
	load_core_key(loader, PRIVILEGED_ALLOCATOR, 0, key_for(loader, OTYPE_TOKEN_DYNAMIC, 1, PERM_KEY));
	load_core_key(loader, PRIVILEGED_ALLOCATOR, 1,
	              key_for(loader, KEY_DYNAMIC_FIRST, 0u - KEY_DYNAMIC_FIRST, PERM_KEY));
}
