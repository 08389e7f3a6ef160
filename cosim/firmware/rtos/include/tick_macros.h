/* Length of a scheduler tick. The two frequencies come from the description of the system. */
#pragma once

#ifndef CPU_TIMER_HZ
#error "CPU_TIMER_HZ, the frequency of the timer, is not defined"
#endif
#ifndef TICK_RATE_HZ
#error "TICK_RATE_HZ, the number of ticks a second, is not defined"
#endif

#define TIMERCYCLES_PER_TICK (CPU_TIMER_HZ / TICK_RATE_HZ)
#define MS_PER_TICK (1000U / TICK_RATE_HZ)
#define MS_TO_TICKS(milliseconds) ((milliseconds) / MS_PER_TICK)
