#pragma once
#include <compartment.h>

/* Print a greeting for a name of at most 32 characters. 0, or what the switcher says: -1 if greeter was unwound. */
int __cheri_compartment("greeter") greet(const char *name);

/* How many greetings were printed. */
int __cheri_compartment("greeter") greetings(void);
