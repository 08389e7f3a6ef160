/* Whether the image is laid out as it has to be: every part in memory, behind the one before, in front of the heap. */

#include "loader.h"

extern const char __heap_start[], __shared_start[], __shared_end[];

/* Parts come in ascending order; `*floor` is where the one before ended. An empty part may be anywhere. */
static void place(struct Loader *loader, uint32_t *floor, uint32_t start, uint32_t size)
{
	uint32_t heap = cheri_address_get(__heap_start);
	if (size == 0)
		return;
	if (start < *floor || start > heap || size > heap - start)
		refuse(loader, "a part of the image is not in its place", start);
	*floor = start + size;
}

static void place_range(struct Loader *loader, uint32_t *floor, const struct Range *range, unsigned unit)
{
	place(loader, floor, range->start, range->size * unit);
}

static void place_stacks(struct Loader *loader, uint32_t *floor)
{
	for (unsigned index = 0; index < loader->threadCount; index++)
		place_range(loader, floor, &loader->threads[index].trustedStack, IN_BYTES);
	for (unsigned index = 0; index < loader->threadCount; index++)
		place_range(loader, floor, &loader->threads[index].stack, IN_BYTES);
}

/* Sealed objects: what a unit imports lies in one range; ranges of several units may be the same. */
static void check_sealed(struct Loader *loader, uint32_t floor)
{
	for (unsigned index = 0; index < unit_count(loader); index++) {
		struct Unit unit;
		uint32_t start = floor;
		unit_of(loader, index, &unit);
		place(loader, &start, unit.sealed, unit.sealedEnd - unit.sealed);
	}
}

/* The order of the parts is that of the image format. Tables of libraries lie in memory that becomes heap. */
static void place_all(struct Loader *loader)
{
	const struct ImageHeader *header = loader->header;
	const struct PrivilegedHeader *core = header->privileged;
	unsigned libraries = header->libraries, units = libraries + header->compartments;
	uint32_t floor = PLATFORM_RAM;
	place_range(loader, &floor, &core[PRIVILEGED_SCHEDULER].exports, IN_BYTES);
	place_range(loader, &floor, &core[PRIVILEGED_ALLOCATOR].exports, IN_BYTES);
	for (unsigned index = libraries; index < units; index++)
		place_range(loader, &floor, &loader->units[index].exports, IN_BYTES);
	place_range(loader, &floor, &header->switcher.code, IN_BYTES);
	for (unsigned index = 0; index < PRIVILEGED; index++)
		place_range(loader, &floor, &core[index].code, IN_BYTES);
	for (unsigned index = 0; index < units; index++)
		place_range(loader, &floor, &loader->units[index].code, IN_CAPABILITIES);
	place_stacks(loader, &floor);
	for (unsigned index = 0; index < PRIVILEGED; index++)
		place_range(loader, &floor, &core[index].data, IN_WORDS);
	for (unsigned index = 0; index < units; index++)
		place_range(loader, &floor, &loader->units[index].data, IN_WORDS);
	check_sealed(loader, floor);
	uint32_t shared = cheri_address_get(__shared_start);
	place(loader, &floor, shared, cheri_address_get(__shared_end) - shared);
	place_range(loader, &floor, &header->initialisers, IN_BYTES);
}

static void check_imports(struct Loader *loader)
{
	for (unsigned index = 0; index < unit_count(loader); index++) {
		struct Unit unit;
		unit_of(loader, index, &unit);
		if (!unit.pcc)
			continue;
		uint32_t start = cheri_base_get(unit.pcc), end = cheri_top_get(unit.pcc);
		if (unit.imports < start || unit.importsEnd < unit.imports + IMPORT_SIZE || unit.importsEnd > end ||
		    unit.imports % IMPORT_SIZE || unit.importsEnd % IMPORT_SIZE)
			refuse(loader, "an import table is not at the start of its code", unit.imports);
		if (unit.exportsEnd - unit.exports < EXPORT_TABLE_SIZE || unit.exports % IMPORT_SIZE)
			refuse(loader, "an export table is too short", unit.exports);
	}
}

void check_layout(struct Loader *loader)
{
	const struct ImageHeader *header = loader->header;
	if (header->privileged[PRIVILEGED_SCHEDULER].code.size == 0)
		refuse(loader, "there is no scheduler", header->privileged[PRIVILEGED_SCHEDULER].code.start);
	place_all(loader);
	check_imports(loader);
}
