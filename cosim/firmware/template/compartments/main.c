#include "greeter.h"
#include <stdlib.h>

/* The entry of the only thread; the simulation ends when it returns. */
int __cheri_compartment("main") run(void)
{
	greet("world");

	/* A pointer to nothing: greeter faults, its invocation is unwound, and we go on. */
	int code = greet((const char *)0x20040000);
	greet(code == -1 ? "survivor" : "ghost");

	if (greetings() != 2)
		panic();
	return 0;
}
