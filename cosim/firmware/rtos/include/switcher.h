/* What the switcher tells of the calling thread. Library calls, interrupts disabled, no stack. */
#pragma once

#include <cdefs.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether more than `frames` further cross-compartment calls fit the trusted stack. */
__cheri_libcall __cheriot_interrupts(disabled) bool trusted_stack_has_space(int frames);

/* The stack that this invocation was entered with. */
__cheri_libcall __cheriot_interrupts(disabled) void *switcher_recover_stack(void);

/* Write-only: the two slots that keep objects from being freed until the next call or return between compartments. */
__cheri_libcall __cheriot_interrupts(disabled) void **switcher_thread_hazard_slots(void);

/* The lowest address of the stack that has been stored to since it was last cleared. */
__cheri_libcall __cheriot_interrupts(disabled) ptraddr_t stack_lowest_used_address(void);

/* Start counting this invocation's faults anew; the result is the count so far. Not for a handler that will resume. */
__cheri_libcall __cheriot_interrupts(disabled) uint16_t switcher_handler_invocation_count_reset(void);
