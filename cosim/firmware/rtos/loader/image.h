/* The structures of an image, which the loader reads and erases, as C sees them. Their layout is a fact that the builder
   shares (macros STRUCTURE_SIZE, STRUCTURE_FIELD and flags). Source: platform, "Header structures". The header's are
   packed: words lie at any even address. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define PACKED __attribute__((packed))

/* Ranges: start and size in bytes, in words, in units of 8 bytes. */
struct PACKED Range {
	uint32_t start;
	uint16_t size;
};
#define IN_BYTES 1u
#define IN_WORDS 4u
#define IN_CAPABILITIES 8u

struct PACKED SwitcherHeader {
	struct Range code;
	uint16_t returns;      /* offsets in the code: where callees return to, */
	uint16_t keys;         /* slots for the two sealing keys, */
	uint16_t schedulerPcc; /* slots for the scheduler's entry, globals and stack */
	uint16_t schedulerCgp;
	uint16_t schedulerCsp;
	struct Range exports;
};

/* Scheduler, allocator, token library; one that a system lacks has no code. */
struct PACKED PrivilegedHeader {
	struct Range code;
	struct Range data; /* in words */
	struct Range imports;
	struct Range exports;
	struct Range sealed;
};
#define PRIVILEGED 3
#define PRIVILEGED_SCHEDULER 0
#define PRIVILEGED_ALLOCATOR 1
#define PRIVILEGED_TOKEN 2

struct PACKED ImageHeader {
	struct SwitcherHeader switcher;
	struct PrivilegedHeader privileged[PRIVILEGED];
	uint32_t magic;
	uint16_t libraries;
	uint16_t compartments;
	struct Range initialisers;
};

/* Libraries first. The import table is at the start of the code. */
struct PACKED UnitHeader {
	struct Range code; /* in units of 8 bytes */
	uint16_t imports;
	struct Range exports;
	struct Range data; /* in words */
	uint16_t initialised;
	struct Range relocations;
	struct Range sealed;
};

struct PACKED ThreadHeader {
	uint16_t priority;
	uint32_t entry;
	struct Range stack;
	struct Range trustedStack;
};

/* The start of an export table, and one of the entries behind it. */
struct ExportTable {
	void *pcc;
	void *cgp;
	uint16_t handler;
	uint16_t stackless;
};

struct ExportEntry {
	uint16_t function; /* offset in the code; for a sealing key its number, which the loader chooses */
	uint8_t stack;
	uint8_t flags;
};

/* An import before it is replaced by a capability. */
struct ImportEntry {
	uint32_t address;
	uint32_t sizeAndPermissions;
};
#define IMPORT_PERMISSIONS                                                                                           \
	(IMPORT_LOAD | IMPORT_STORE | IMPORT_CAPABILITIES | IMPORT_LOAD_MUTABLE | IMPORT_LOAD_GLOBAL)

struct Relocation {
	uint32_t location;
	uint32_t base;
	uint32_t offset;
	uint32_t length;
	uint32_t flags;
};

/* The context of a thread that does not run, and its first frame. */
struct TrustedStack {
	void *pcc;
	void *registers[15]; /* c1 first */
	void *hazards;
	uint32_t mstatus, mcause, mshwm, mshwmb;
	uint16_t frameOffset, thread;
	uint32_t padding[3];
	struct {
		void *csp;
		void *entry;
		uint16_t faults;
	} first;
};

#define SOFTWARE_PERMISSIONS 7u

_Static_assert(sizeof(struct ImageHeader) == HEADER_UNITS, "");
_Static_assert(offsetof(struct ImageHeader, magic) == HEADER_FIXED, "");
_Static_assert(offsetof(struct ImageHeader, privileged) == HEADER_SCHEDULER, "");
_Static_assert(offsetof(struct SwitcherHeader, exports) == SWITCHER_EXPORTS, "");
_Static_assert(sizeof(struct PrivilegedHeader) == PRIVILEGED_SIZE, "");
_Static_assert(sizeof(struct UnitHeader) == UNIT_SIZE, "");
_Static_assert(offsetof(struct UnitHeader, relocations) == UNIT_RELOCATIONS, "");
_Static_assert(sizeof(struct ThreadHeader) == THREAD_SIZE, "");
_Static_assert(offsetof(struct ExportTable, stackless) == EXPORT_TABLE_STACKLESS_HANDLER, "");
_Static_assert(sizeof(struct ExportEntry) == EXPORT_SIZE, "");
_Static_assert(sizeof(struct ImportEntry) == IMPORT_SIZE, "");
_Static_assert(sizeof(struct Relocation) == RELOCATION_SIZE, "");
_Static_assert(offsetof(struct TrustedStack, frameOffset) == TRUSTED_STACK_FRAME_OFFSET, "");
_Static_assert(sizeof(struct TrustedStack) == TRUSTED_STACK_SIZE + TRUSTED_FRAME_SIZE, "");
