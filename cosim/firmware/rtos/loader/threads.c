/* Threads: the context that each is resumed with at first, and its handle for the scheduler. Source: image format,
   "Trusted stack"; TH-4, TH-5. */

#include "loader.h"

extern const char __hazard_slots[];

#define MSTATUS_MPP 0x1800u
#define MSTATUS_MPIE 0x80u
#define REGISTER_CRA 0
#define REGISTER_CSP 1
#define REGISTER_CGP 2

static void *return_sentry(struct Loader *loader)
{
	const struct SwitcherHeader *header = &loader->header->switcher;
	void *place = cheri_address_set(loader->switcherPcc, header->code.start + header->returns);
	return sealed_as(loader, place, OTYPE_RETURN_DISABLE);
}

static void *hazard_slots(struct Loader *loader, unsigned index)
{
	return memory_at(loader, cheri_address_get(__hazard_slots) + HAZARD_BYTES * index, HAZARD_BYTES, PERM_HAZARDS);
}

static void load_thread(struct Loader *loader, unsigned index, struct ThreadLoaderInfo *info)
{
	const struct ThreadHeader *header = &loader->threads[index];
	const struct Range *stack = &header->stack, *trusted = &header->trustedStack;
	struct Unit unit;
	if (trusted->size < sizeof(struct TrustedStack) || (trusted->size - sizeof(struct TrustedStack)) % TRUSTED_FRAME_SIZE)
		refuse(loader, "a trusted stack of a size that none has", trusted->start);
	if (stack->start % 16 || stack->size % 16 || stack->size < SLOTS_BYTES)
		refuse(loader, "a stack that is not a multiple of 16 bytes", stack->start);
	if (!find_export(loader, header->entry, &unit) || unit.isLibrary)
		refuse(loader, "a thread without an entry in a compartment", header->entry);
	struct ExportEntry entry = export_at(loader, header->entry);
	if (entry.flags & EXPORT_SEALING_TYPE)
		refuse(loader, "a thread that starts at a sealing key", header->entry);
	void *csp = memory_at(loader, stack->start, stack->size, PERM_STACK);
	csp = cheri_address_set(csp, stack->start + stack->size - SLOTS_BYTES);
	void *table = memory_at(loader, unit.exports, unit.exportsEnd - unit.exports, PERM_EXPORTS);

	struct TrustedStack *context = memory_at(loader, trusted->start, trusted->size, PERM_TRUSTED_STACK);
	context->pcc = cheri_address_set(unit.pcc, cheri_base_get(unit.pcc) + entry.function);
	context->registers[REGISTER_CRA] = return_sentry(loader);
	context->registers[REGISTER_CSP] = csp;
	context->registers[REGISTER_CGP] = unit.cgp;
	context->hazards = hazard_slots(loader, index);
	context->mstatus = MSTATUS_MPP | (entry.flags & EXPORT_DISABLED ? 0 : MSTATUS_MPIE);
	context->mshwm = stack->start + stack->size - SLOTS_BYTES;
	context->mshwmb = stack->start;
	context->frameOffset = sizeof(struct TrustedStack);
	context->thread = index + 1;
	context->first.csp = csp;
	context->first.entry = cheri_address_set(table, header->entry);

	info->trustedStack = sealed_as(loader, context, OTYPE_THREAD);
	info->id = index + 1;
	info->priority = header->priority;
}

void load_threads(struct Loader *loader, struct ThreadLoaderInfo *infos)
{
	for (unsigned index = 0; index < loader->threadCount; index++)
		load_thread(loader, index, &infos[index]);
}
