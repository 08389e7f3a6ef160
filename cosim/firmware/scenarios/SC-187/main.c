/* The thread does nothing: this scenario is about the report on the built system, which the host examines. */
#include <scenario.h>

uintptr_t __cheri_compartment("main") H(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);

uintptr_t __cheri_compartment("main") H(uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d, uintptr_t e, uintptr_t f)
{
	return 0;
}
