/* What an unhandled trap says before the program ends with exit code 253. */
#include <platform.h>
#include <stdio.h>
#include <stdlib.h>

enum { UNHANDLED_TRAP = 253, CHERI_FAULT = 28 };

/* A record of the line table. A small `what` is a line number, otherwise it is where the function's name lies. */
struct record {
	ptraddr_t address;
	ptraddr_t what;
};
enum { LINES_END = 0x01000000 };

static const char *cause_name(uint32_t cause)
{
	switch (cause) {
	case 1: return "instruction access fault";
	case 2: return "illegal instruction";
	case 3: return "breakpoint";
	case 4: return "misaligned capability load";
	case 5: return "load access fault";
	case 6: return "misaligned capability store";
	case 7: return "store access fault";
	case 11: return "environment call";
	case CHERI_FAULT: return "CHERI fault";
	default: return "trap";
	}
}

static const char *fault_name(uint32_t code)
{
	switch (code) {
	case 0x01: return "bounds";
	case 0x02: return "tag";
	case 0x03: return "seal";
	case 0x11: return "permit execute";
	case 0x12: return "permit load";
	case 0x13: return "permit store";
	case 0x15: return "permit store capability";
	case 0x18: return "access system registers";
	default: return "unknown";
	}
}

static void print_place(ptraddr_t pc, ptraddr_t start, ptraddr_t stop)
{
	void *constants = __builtin_cheri_program_counter_get();
	const char *name = NULL;
	ptraddr_t line = 0;
	const struct record *at = __builtin_cheri_address_set(constants, start);
	for (ptraddr_t where = start; where < stop; where += sizeof *at, at++) {
		if (at->address > pc)
			continue;
		if (at->what < LINES_END)
			line = at->what;
		else {
			name = __builtin_cheri_address_set(constants, at->what);
			line = 0;
		}
	}
	if (name)
		printf(", in %s:%u", name, line);
}

_Noreturn void __report_trap(uint32_t cause, uint32_t value, ptraddr_t pc, ptraddr_t lines, ptraddr_t lines_end)
{
	printf("unhandled trap: %s", cause_name(cause));
	if (cause == CHERI_FAULT)
		printf(" (%s, register %u%s)", fault_name(value & 31), value >> 5 & 31, value >> 10 ? " special" : "");
	printf(", mcause %u, mtval 0x%08x, pc 0x%08x", cause, value, pc);
	print_place(pc, lines, lines_end);
	putchar('\n');
	exit(UNHANDLED_TRAP);
}
