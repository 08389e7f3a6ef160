/* The units of an image in one form: the core of the RTOS first, then libraries, then compartments. Their code and
   globals as capabilities, their exports. */

#include "loader.h"

unsigned unit_count(struct Loader *loader)
{
	return PRIVILEGED + loader->header->libraries + loader->header->compartments;
}

/* The middle of the globals, so that most of them are near. */
static void *globals(struct Loader *loader, uint32_t start, uint32_t size)
{
	if (size == 0)
		return NULL;
	void *found = memory_at(loader, start, size, PERM_GLOBALS);
	return cheri_address_set(found, start + (size / 2 & ~7u));
}

static void exports_of(const struct Range *exports, struct Unit *unit)
{
	unit->exports = exports->start;
	unit->exportsEnd = range_end(exports, IN_BYTES);
}

static void sealed_of(const struct Range *sealed, struct Unit *unit)
{
	unit->sealed = sealed->start;
	unit->sealedEnd = range_end(sealed, IN_BYTES);
}

static void switcher_unit(struct Loader *loader, struct Unit *unit)
{
	unit->pcc = loader->switcherPcc;
	unit->cgp = NULL;
	unit->imports = unit->importsEnd = 0;
	unit->sealed = unit->sealedEnd = 0;
	unit->isLibrary = true;
	unit->isAllocator = false;
	exports_of(&loader->header->switcher.exports, unit);
}

static void privileged_unit(struct Loader *loader, unsigned index, struct Unit *unit)
{
	const struct PrivilegedHeader *header = &loader->header->privileged[index];
	unit->pcc = NULL;
	if (header->code.size != 0)
		unit->pcc = code_at(loader, header->code.start, header->code.size, PERM_CODE);
	unit->cgp = globals(loader, header->data.start, header->data.size * IN_WORDS);
	unit->imports = header->imports.start;
	unit->importsEnd = range_end(&header->imports, IN_BYTES);
	unit->isLibrary = index == PRIVILEGED_TOKEN;
	unit->isAllocator = index == PRIVILEGED_ALLOCATOR;
	exports_of(&header->exports, unit);
	sealed_of(&header->sealed, unit);
}

/* `unit->pcc` is NULL for a part of the core that this image lacks. */
void unit_of(struct Loader *loader, unsigned index, struct Unit *unit)
{
	if (index < PRIVILEGED) {
		privileged_unit(loader, index, unit);
		return;
	}
	index -= PRIVILEGED;
	const struct UnitHeader *header = &loader->units[index];
	unit->pcc = code_at(loader, header->code.start, header->code.size * IN_CAPABILITIES, PERM_CODE);
	unit->cgp = globals(loader, header->data.start, header->data.size * IN_WORDS);
	unit->imports = header->code.start;
	unit->importsEnd = header->code.start + header->imports;
	unit->isLibrary = index < loader->header->libraries;
	unit->isAllocator = false;
	exports_of(&header->exports, unit);
	sealed_of(&header->sealed, unit);
}

static bool is_entry(const struct Range *exports, uint32_t address)
{
	return within(address, exports->start + EXPORT_TABLE_SIZE, range_end(exports, IN_BYTES)) &&
	       (address - exports->start) % sizeof(struct ExportEntry) == 0;
}

/* Whose export entry lies at an address; false if none does. */
bool find_export(struct Loader *loader, uint32_t address, struct Unit *unit)
{
	const struct ImageHeader *header = loader->header;
	if (is_entry(&header->switcher.exports, address)) {
		switcher_unit(loader, unit);
		return true;
	}
	for (unsigned index = 0; index < unit_count(loader); index++) {
		const struct Range *exports =
		    index < PRIVILEGED ? &header->privileged[index].exports : &loader->units[index - PRIVILEGED].exports;
		if (is_entry(exports, address)) {
			unit_of(loader, index, unit);
			return true;
		}
	}
	return false;
}

struct ExportEntry export_at(struct Loader *loader, uint32_t address)
{
	return *(struct ExportEntry *)cheri_address_set(loader->memory, address);
}

/* What another compartment may hold of an entry: the whole table, for the switcher finds code and globals at its start,
   but nobody may write it. */
void *sealed_export(struct Loader *loader, uint32_t address)
{
	struct Unit unit;
	if (!find_export(loader, address, &unit) || unit.isLibrary)
		refuse(loader, "no export of a compartment", address);
	struct ExportEntry entry = export_at(loader, address);
	unsigned posture = entry.flags & (EXPORT_ENABLED | EXPORT_DISABLED);
	if ((entry.flags & EXPORT_SEALING_TYPE) || (posture != EXPORT_ENABLED && posture != EXPORT_DISABLED))
		refuse(loader, "no function that other compartments can call", address);
	void *table = memory_at(loader, unit.exports, unit.exportsEnd - unit.exports, PERM_EXPORTS);
	return sealed_as(loader, cheri_address_set(table, address), OTYPE_EXPORT);
}
