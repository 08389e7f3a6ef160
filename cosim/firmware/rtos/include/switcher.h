/* What the switcher tells a thread about itself. Library calls without stack. */
#pragma once

#include <cdefs.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Are more than `frames` nested compartment calls possible from here? */
__cheri_libcall bool trusted_stack_has_space(int frames);

/* The stack capability with which this invocation was entered. */
__cheri_libcall void *switcher_recover_stack(void);

/* The thread's two hazard slots, which can only be written. */
__cheri_libcall void **switcher_thread_hazard_slots(void);

/* The stack high-water mark. */
__cheri_libcall ptraddr_t stack_lowest_used_address(void);

/* Reset the count of handled faults of this invocation: the old count. */
__cheri_libcall uint16_t switcher_handler_invocation_count_reset(void);
