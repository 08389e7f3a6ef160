/* Globals and constants that are initialised with addresses: they may only point into their own compartment (CP-40). */

#include "loader.h"

static void *pointer(struct Loader *loader, const struct Unit *unit, const struct Relocation *record)
{
	bool inCode = within(record->base, cheri_base_get(unit->pcc), cheri_top_get(unit->pcc));
	void *found;
	if (record->flags & RELOCATION_FUNCTION) {
		if (!inCode)
			refuse(loader, "a pointer to a function of another compartment", record->location);
		return cheri_address_set(unit->pcc, record->base + record->offset);
	}
	found = inCode ? cheri_permissions_and(unit->pcc, PERM_CONSTANTS) : unit->cgp;
	found = cheri_bounds_set(cheri_address_set(found, record->base), record->length);
	found = cheri_address_set(found, record->base + record->offset);
	if (!cheri_tag_get(found))
		refuse(loader, "a pointer to what is not the compartment's", record->location);
	return found;
}

static void relocate(struct Loader *loader, const struct Unit *unit, const struct UnitHeader *header)
{
	uint32_t end = range_end(&header->relocations, IN_BYTES);
	uint32_t data = header->data.start, dataEnd = range_end(&header->data, IN_WORDS);
	for (uint32_t at = header->relocations.start; at < end; at += sizeof(struct Relocation)) {
		struct Relocation record = *(struct Relocation *)cheri_address_set(loader->memory, at);
		bool inCode = within(record.location, unit->importsEnd, cheri_top_get(unit->pcc));
		if ((!inCode && !within(record.location, data, dataEnd)) || record.location % sizeof(void *))
			refuse(loader, "a pointer to be put where the compartment has no memory", record.location);
		put_capability(loader, record.location, pointer(loader, unit, &record));
	}
}

void load_relocations(struct Loader *loader)
{
	for (unsigned index = PRIVILEGED; index < unit_count(loader); index++) {
		struct Unit unit;
		unit_of(loader, index, &unit);
		relocate(loader, &unit, &loader->units[index - PRIVILEGED]);
	}
}
