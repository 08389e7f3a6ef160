/* 16 bytes of stack do not hold the registers that a call spills. */
#include <scenario.h>

int call_with_room(size_t bytes);

uintptr_t __cheri_compartment("main") H(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);

uintptr_t __cheri_compartment("main") H(uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d, uintptr_t e, uintptr_t f)
{
	observe_expect(call_with_room(16), -140, 0); /* CHECK 0: call with 16 bytes */
	observe_expect(call_with_room(512), 0, 1);   /* CHECK 1: call with all of the stack */
	return 0;
}
