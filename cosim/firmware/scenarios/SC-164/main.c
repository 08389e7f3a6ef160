/* The callee states 128 bytes; with the two slots it needs 144 below the 32 bytes of spilled registers. */
#include <scenario.h>

#define SPILLED 32

int call_with_room(size_t bytes);

uintptr_t __cheri_compartment("main") H(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);

uintptr_t __cheri_compartment("main") H(uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d, uintptr_t e, uintptr_t f)
{
	observe_expect(call_with_room(SPILLED + 144), 0, 0);         /* CHECK 0: call with 144 bytes */
	observe_expect(call_with_room(SPILLED + 160), 0, 1);         /* CHECK 1: call with 160 bytes */
	observe_expect(call_with_room(SPILLED + 128), -140, 2);      /* CHECK 2: call with 128 bytes */
	/* A stack pointer is a multiple of 16 here, so what would be 136 is 128 again. */
	observe_expect(call_with_room(SPILLED + (136 & -16)), -140, 3); /* CHECK 3: call with 136 bytes */
	return 0;
}
