/* What only the switcher has, the scheduler's entries, and initialisers. */

#include "loader.h"

extern const char __boot_stack[], __boot_stack_end[];

extern const char switcher_call[], switcher_exception[];

/* The first two entries of the scheduler's export table: its initialisation, and where it serves traps. */
#define SCHEDULER_START 0
#define SCHEDULER_TRAPS 1

static uint32_t scheduler_entry(struct Loader *loader, unsigned index)
{
	const struct Range *exports = &loader->header->privileged[PRIVILEGED_SCHEDULER].exports;
	return exports->start + EXPORT_TABLE_SIZE + index * sizeof(struct ExportEntry);
}

void load_switcher(struct Loader *loader, struct Handover *handover)
{
	const struct SwitcherHeader *header = &loader->header->switcher;
	uint32_t start = header->code.start;
	struct Unit scheduler;
	loader->switcherPcc = code_at(loader, start, header->code.size, PERM_SWITCHER);
	void *call = cheri_address_set(loader->switcherPcc, cheri_address_get(switcher_call));
	loader->switcherEntry = sealed_as(loader, call, OTYPE_SENTRY_DISABLE);
	handover->switcher = loader->switcherEntry;
	handover->exceptionEntry = cheri_address_set(loader->switcherPcc, cheri_address_get(switcher_exception));

	put_capability(loader, start + header->keys, key_for(loader, OTYPE_THREAD, 1, PERM_KEY));
	put_capability(loader, start + header->keys + 8, key_for(loader, OTYPE_EXPORT, 1, PERM_KEY_UNSEAL));

	unit_of(loader, PRIVILEGED_SCHEDULER, &scheduler);
	uint32_t traps = export_at(loader, scheduler_entry(loader, SCHEDULER_TRAPS)).function;
	put_capability(loader, start + header->schedulerPcc,
	               cheri_address_set(scheduler.pcc, cheri_base_get(scheduler.pcc) + traps));
	put_capability(loader, start + header->schedulerCgp, scheduler.cgp);
	uint32_t stack = cheri_address_get(__boot_stack), end = cheri_address_get(__boot_stack_end);
	void *csp = cheri_address_set(memory_at(loader, stack, end - stack, PERM_STACK), end - SLOTS_BYTES);
	put_capability(loader, start + header->schedulerCsp, csp);
	handover->schedulerEntry = sealed_export(loader, scheduler_entry(loader, SCHEDULER_START));
}

void load_initialisers(struct Loader *loader, struct Handover *handover)
{
	const struct Range *list = &loader->header->initialisers;
	for (uint32_t at = list->start; at < range_end(list, IN_BYTES); at += IMPORT_SIZE) {
		void *target = sealed_export(loader, word_at(loader, at));
		put_capability(loader, at, target);
	}
	handover->initialisers = memory_at(loader, list->start, list->size, PERM_EXPORTS);
}
