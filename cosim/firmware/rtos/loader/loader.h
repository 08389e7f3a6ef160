/* What the files of the loader know of each other. */
#pragma once

#include "image.h"

#include <cheri.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Object types. Source: RTOS services 1.3. */
#define OTYPE_SENTRY_INHERIT 1
#define OTYPE_SENTRY_DISABLE 2
#define OTYPE_SENTRY_ENABLE 3
#define OTYPE_RETURN_DISABLE 4
#define OTYPE_EXPORT 9
#define OTYPE_THREAD 10
#define OTYPE_TOKEN_DYNAMIC 11
#define OTYPE_TOKEN_STATIC 12
#define KEY_STATIC_FIRST 16u
#define KEY_STATIC_LAST 65534u
#define KEY_DYNAMIC_FIRST 0x01000000u
#define KEY_DYNAMIC_END 0xFFFFFFFFu

/* Permissions of what the loader makes. Source: RTOS services 1.2. */
#define PERM_CODE 0x16B           /* everything but access to system registers */
#define PERM_SWITCHER 0x1EA       /* everything but global */
#define PERM_GLOBALS 0x06F        /* everything but store local */
#define PERM_STACK 0x07E          /* everything but global */
#define PERM_TRUSTED_STACK 0x07F  /* everything */
#define PERM_EXPORTS 0x06B        /* as globals, but read-only */
#define PERM_CONSTANTS 0x06B
#define PERM_HAZARDS 0x044
#define PERM_KEY 0x601            /* global, seal, unseal */
#define PERM_KEY_STATIC 0xE01     /* the same with the user permission */
#define PERM_KEY_UNSEAL 0x201

#define SLOTS_BYTES 16u /* at the top of each invocation's stack */
#define HAZARD_BYTES 16u

/* What the start code gets, and what the scheduler gets of each thread. */
struct ThreadLoaderInfo {
	void *trustedStack; /* sealed */
	uint16_t id;
	uint16_t priority;
};

struct Handover {
	void *exceptionEntry;
	void *switcher;
	void *initialisers;
	void *schedulerEntry;
	struct ThreadLoaderInfo *threads; /* in: room for them */
};

/* A library, compartment or core unit of the RTOS, in one form. */
struct Unit {
	void *pcc;
	void *cgp;
	uint32_t imports, importsEnd;
	uint32_t exports, exportsEnd;
	uint32_t sealed, sealedEnd;
	bool isLibrary;
	bool isAllocator;
};

struct Loader {
	void *memory, *code, *sealing; /* the roots */
	const struct ImageHeader *header;
	uint32_t headerEnd;
	const struct UnitHeader *units;
	const struct ThreadHeader *threads;
	unsigned threadCount;
	unsigned nextKey;
	void *switcherPcc;
	void *switcherEntry; /* the sentry */
};

/* Ends the run with a message. */
void refuse(struct Loader *loader, const char *reason, uint32_t address) __attribute__((noreturn));

/* derive.c: capabilities out of the roots, exact ones unless the name says otherwise. */
void *memory_at(struct Loader *loader, uint32_t start, uint32_t size, unsigned permissions);
void *code_at(struct Loader *loader, uint32_t start, uint32_t size, unsigned permissions);
void *key_for(struct Loader *loader, uint32_t first, uint32_t count, unsigned permissions);
void *sealed_as(struct Loader *loader, void *capability, unsigned otype);
uint32_t word_at(struct Loader *loader, uint32_t address);
void put_capability(struct Loader *loader, uint32_t address, void *capability);

/* units.c: the parts of the image. */
#define SWITCHER_UNIT (-1)
unsigned unit_count(struct Loader *loader);
void unit_of(struct Loader *loader, unsigned index, struct Unit *unit);
bool find_export(struct Loader *loader, uint32_t address, struct Unit *unit);
struct ExportEntry export_at(struct Loader *loader, uint32_t address);
void *sealed_export(struct Loader *loader, uint32_t address);
void check_layout(struct Loader *loader);

/* The steps, in files of their names. */
void load_exports(struct Loader *loader);
void load_keys(struct Loader *loader);
void load_imports(struct Loader *loader);
void load_relocations(struct Loader *loader);
void load_switcher(struct Loader *loader, struct Handover *handover);
void load_threads(struct Loader *loader, struct ThreadLoaderInfo *infos);
void load_initialisers(struct Loader *loader, struct Handover *handover);

static inline bool within(uint32_t address, uint32_t start, uint32_t end)
{
	return address >= start && address < end;
}

static inline uint32_t range_end(const struct Range *range, unsigned unit)
{
	return range->start + range->size * unit;
}
