/* The machine that bare-metal firmware runs on: console, end of simulation, device registers, interrupts. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* A capability to device registers: data only, bounded to exactly these bytes. */
volatile void *device_registers(ptraddr_t address, size_t size);


/* Interrupts off; the result is what interrupts_restore() takes. */
static inline unsigned interrupts_disable(void)
{
	unsigned before;
	__asm__ volatile("csrrci %0, mstatus, 8" : "=r"(before));
	return before & 8;
}

static inline void interrupts_restore(unsigned before)
{
	__asm__ volatile("csrrs zero, mstatus, %0" : : "r"(before));
}

static inline uint32_t cycle_count(void)
{
	uint32_t now;
	__asm__ volatile("csrr %0, mcycle" : "=r"(now));
	return now;
}

static inline uint32_t instruction_count(void)
{
	uint32_t now;
	__asm__ volatile("csrr %0, minstret" : "=r"(now));
	return now;
}
