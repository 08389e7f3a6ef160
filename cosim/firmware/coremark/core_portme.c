/* Port of EEMBC CoreMark: seeds of a performance run, clock cycles as time. */
#include "coremark.h"

#ifndef ITERATIONS
#define ITERATIONS 1
#endif

volatile ee_s32 seed1_volatile = 0, seed2_volatile = 0, seed3_volatile = 0x66;
volatile ee_s32 seed4_volatile = ITERATIONS, seed5_volatile = 0;
ee_u32 default_num_contexts = 1;

static CORE_TICKS started, stopped;

static CORE_TICKS cycles(void)
{
	CORE_TICKS now;
	asm volatile("csrr %0, mcycle" : "=r"(now));
	return now;
}

void start_time(void)
{
	started = cycles();
}

void stop_time(void)
{
	stopped = cycles();
}

CORE_TICKS get_time(void)
{
	return stopped - started;
}

/* Seconds have no meaning in simulation: the run counts as long enough, its ticks are what matters. */
secs_ret time_in_secs(CORE_TICKS ticks)
{
	(void)ticks;
	return 10;
}

void portable_init(core_portable *port, int *argc, char *argv[])
{
	(void)argc;
	(void)argv;
	port->portable_id = 1;
}

void portable_fini(core_portable *port)
{
	port->portable_id = 0;
}
