/* Something to call. */
#include <compartment.h>

int __cheri_compartment("callee") nothing(void)
{
	return 0;
}

int __cheri_compartment("callee") deep(void)
{
	volatile char used[256];
	used[0] = 1;
	return 0;
}
