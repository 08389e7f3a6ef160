/* The thread's entry runs with interrupts disabled, but control leaves it out of a function that has enabled them: an
   interrupt may come until the very jump into the switcher. */
#include <scenario.h>

__cheriot_interrupts(enabled) void leave(uintptr_t path)
{
	scenario_leave(path);
}

uintptr_t __cheri_compartment("main") __cheriot_interrupts(disabled)
    H(uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d, uintptr_t e, uintptr_t f)
{
	leave(scenario_return_path());
	return 0;
}
