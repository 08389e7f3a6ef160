/* What scenario threads do beside calling services. Code generated from a scenario's steps uses this. */
#pragma once

#include <cheri.h>
#include <compartment.h>
#include <stdint.h>
#include <timeout.h>

/* An entry of a compartment as its callers see it, by number of arguments. */
typedef __cheri_callback uintptr_t (*ScenarioEntry0)(void);
typedef __cheri_callback uintptr_t (*ScenarioEntry1)(uintptr_t);
typedef __cheri_callback uintptr_t (*ScenarioEntry2)(uintptr_t, uintptr_t);
typedef __cheri_callback uintptr_t (*ScenarioEntry3)(uintptr_t, uintptr_t, uintptr_t);
typedef __cheri_callback uintptr_t (*ScenarioEntry4)(uintptr_t, uintptr_t, uintptr_t, uintptr_t);
typedef __cheri_callback uintptr_t (*ScenarioEntry5)(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);
typedef __cheri_callback uintptr_t (*ScenarioEntry6)(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);
typedef __cheri_callback uintptr_t (*ScenarioEntry7)(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t,
                                                     uintptr_t);

/* A check and a text, by their numbers in the unit, with values. Nothing happens in here: the observer of a simulation
   sees the call and looks at the registers. */
__attribute__((noinline, used)) static void observe_expect(uintptr_t got, uintptr_t wanted, uint32_t number)
{
	__asm__ volatile("");
}

__attribute__((noinline, used)) static void observe_say(uint32_t number, uintptr_t a, uintptr_t b, uintptr_t c,
                                                        uintptr_t d)
{
	__asm__ volatile("");
}

/* The capability through which this invocation returns. Only at the start of a function, before any call. */
static inline uintptr_t scenario_return_path(void)
{
	uintptr_t path;
	__asm__ volatile("cmove %0, cra" : "=C"(path));
	return path;
}

/* A return with result 0 through some return path. */
static inline void scenario_leave(uintptr_t path)
{
	__asm__ volatile("cmove cra, %0; li a0, 0; li a1, 0; cret" : : "C"(path) : "cra", "ca0", "ca1");
}

/* Wait until an interrupt that time or a device has just raised is there: its line takes some cycles to the core. */
static inline void scenario_settle(void)
{
	__asm__ volatile("nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop");
}

/* A 64-bit number in a register, untagged. */
static inline uintptr_t scenario_wide(uint64_t number)
{
	union {
		uint64_t number;
		uintptr_t value;
	} both = {.number = number};
	return both.value;
}

/* Its inverse: all 64 bits. */
static inline uint64_t scenario_narrow(uintptr_t value)
{
	union {
		uintptr_t value;
		uint64_t number;
	} both = {.value = value};
	return both.number;
}

/* A register as a time limit. */
static inline TimeoutArgument scenario_timeout(uintptr_t value)
{
	return (TimeoutArgument){.relativeTimeout = (Timeout *)value};
}

/* The instruction behind the one at this address of the own code. */
static inline void *scenario_behind(void *pcc)
{
	ptraddr_t at = (ptraddr_t)(uintptr_t)pcc;
	const uint16_t *code = cheri_address_set((const uint16_t *)cheri_program_counter_get(), at);
	return cheri_address_set(pcc, at + ((*code & 3) == 3 ? 4 : 2));
}

/* What of mtval says why: the cause of a CHERI fault, without the register. */
static inline size_t scenario_cause(size_t mcause, size_t mtval)
{
	return mcause == 28 ? mtval & 31 : mtval;
}
