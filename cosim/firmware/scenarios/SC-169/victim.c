/* What the handlers see; the rich one resumes behind the fault, for the stackless one victim.S does. */
#include <scenario.h>

#define ILLEGAL 2
#define CHERI 28
#define TAG 2

_Alignas(4) uint8_t w_lock[4];
_Alignas(4) uint8_t w_n[4];
_Alignas(8) uint8_t w_object[64];

enum ErrorRecoveryBehaviour compartment_error_handler(struct ErrorState *frame, size_t mcause, size_t mtval)
{
	if (mcause == CHERI) {
		observe_expect(scenario_cause(mcause, mtval), TAG, 0); /* CHECK 0: rich: the cause of the CHERI fault */
	} else {
		observe_expect(mcause, ILLEGAL, 1); /* CHECK 1: rich: an illegal instruction */
		observe_expect(mtval, 0, 2);        /* CHECK 2: rich: its mtval */
	}
	frame->pcc = scenario_behind(frame->pcc);
	return InstallContext;
}

void stackless_checks(size_t mcause, size_t mtval)
{
	volatile char room[400]; /* a stackless handler has the whole stack */
	room[0] = 1;
	observe_expect(scenario_cause(mcause, mtval), TAG, 3); /* CHECK 3: stackless: the cause of the CHERI fault */
}
