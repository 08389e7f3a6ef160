/* External interrupts, for the scheduler's entry points. */
#pragma once

#include <stdbool.h>

/* No source enabled but the configured ones. */
void interrupts_init(void);

/* Take one external interrupt; has it woken anybody? */
bool interrupt_take(void);
