/* Interrupts as futex words: each configured one has a counter that can be read and waited for. */
#pragma once

#include <cdefs.h>
#include <stdbool.h>
#include <stdint.h>

/* What a static object sealed with scheduler.InterruptKey holds: the right to one interrupt. */
struct InterruptCapabilityState {
	uint16_t interruptNumber;
	bool mayWait;
	bool mayComplete;
};

typedef struct InterruptCapabilityState *InterruptCapability; /* sealed */

/* The read-only counter, or null without the right to wait. */
__cheriot_interrupts(disabled)
__cheri_compartment("scheduler") const volatile uint32_t *interrupt_futex_get(InterruptCapability right);

/* Acknowledge: 0, or -EPERM without the right. */
__cheriot_interrupts(disabled)
__cheri_compartment("scheduler") int interrupt_complete(InterruptCapability right);
