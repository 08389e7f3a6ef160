/* Each compartment that calls with a bad stack is unwound, and its caller goes on. */
#include <scenario.h>

#define ENTRY(name)                                                                                                  \
	uintptr_t __cheri_compartment("careless") name(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t)
ENTRY(untagged);
ENTRY(global);
ENTRY(W);
ENTRY(m);
ENTRY(l);
ENTRY(R);
ENTRY(c);
ENTRY(g);

uintptr_t __cheri_compartment("main") H(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);

uintptr_t __cheri_compartment("main") H(uintptr_t a, uintptr_t b, uintptr_t c_, uintptr_t d, uintptr_t e, uintptr_t f)
{
	observe_expect(untagged(0, 0, 0, 0, 0, 0), -1, 0); /* CHECK 0: untagged */
	observe_expect(global(0, 0, 0, 0, 0, 0), -1, 1);   /* CHECK 1: global */
	observe_expect(W(0, 0, 0, 0, 0, 0), -1, 2);        /* CHECK 2: W */
	observe_expect(m(0, 0, 0, 0, 0, 0), -1, 3);        /* CHECK 3: m */
	observe_expect(l(0, 0, 0, 0, 0, 0), -1, 4);        /* CHECK 4: l */
	observe_expect(R(0, 0, 0, 0, 0, 0), -1, 5);        /* CHECK 5: R */
	observe_expect(c(0, 0, 0, 0, 0, 0), -1, 6);        /* CHECK 6: c */
	observe_expect(g(0, 0, 0, 0, 0, 0), -1, 7);        /* CHECK 7: g */
	return 0;
}
