/* The handler runs where the stack can hold its register frame; all of them are unwound. */
#include <scenario.h>

#define ENTRY(name)                                                                                                  \
	uintptr_t __cheri_compartment("careless") name(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t)
ENTRY(untagged);
ENTRY(W);
ENTRY(R);
ENTRY(c);
ENTRY(m);
ENTRY(l);
ENTRY(g);

uintptr_t __cheri_compartment("main") H(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);

uintptr_t __cheri_compartment("main") H(uintptr_t a, uintptr_t b, uintptr_t c_, uintptr_t d, uintptr_t e, uintptr_t f)
{
	observe_expect(untagged(0, 0, 0, 0, 0, 0), -1, 0); /* CHECK 0: untagged */
	observe_expect(W(0, 0, 0, 0, 0, 0), -1, 1);        /* CHECK 1: W */
	observe_expect(R(0, 0, 0, 0, 0, 0), -1, 2);        /* CHECK 2: R */
	observe_expect(c(0, 0, 0, 0, 0, 0), -1, 3);        /* CHECK 3: c */
	observe_expect(m(0, 0, 0, 0, 0, 0), -1, 4);        /* CHECK 4: m */
	observe_expect(l(0, 0, 0, 0, 0, 0), -1, 5);        /* CHECK 5: l */
	observe_expect(g(0, 0, 0, 0, 0, 0), -1, 6);        /* CHECK 6: g */
	return 0;
}
