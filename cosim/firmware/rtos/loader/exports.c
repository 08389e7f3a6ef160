/* Export tables: code, globals and error handlers of each unit, for the switcher. */

#include "loader.h"

/* Handlers are given relative to the end of the import table, and wanted relative to the start of the code. */
static uint16_t rebased(struct Loader *loader, const struct Unit *unit, uint16_t handler)
{
	if (handler == EXPORT_NO_HANDLER)
		return handler;
	uint32_t offset = unit->importsEnd - cheri_base_get(unit->pcc) + handler;
	if (offset >= cheri_length_get(unit->pcc))
		refuse(loader, "an error handler outside of its compartment, in the export table", unit->exports);
	return offset;
}

static void check_entries(struct Loader *loader, const struct Unit *unit)
{
	uint32_t length = cheri_length_get(unit->pcc);
	for (uint32_t at = unit->exports + EXPORT_TABLE_SIZE; at < unit->exportsEnd; at += sizeof(struct ExportEntry)) {
		struct ExportEntry entry = export_at(loader, at);
		if (!(entry.flags & EXPORT_SEALING_TYPE) && entry.function >= length)
			refuse(loader, "an export outside of its code", at);
	}
}

void load_exports(struct Loader *loader)
{
	for (unsigned index = 0; index < unit_count(loader); index++) {
		struct Unit unit;
		unit_of(loader, index, &unit);
		if (!unit.pcc)
			continue;
		struct ExportTable *table = cheri_address_set(loader->memory, unit.exports);
		table->pcc = unit.pcc;
		table->cgp = unit.cgp;
		table->handler = rebased(loader, &unit, table->handler);
		table->stackless = rebased(loader, &unit, table->stackless);
		check_entries(loader, &unit);
	}
}
