/* The armed timers, by deadline and then in the order of arming. The list changes with interrupts disabled. */
#pragma once

#include <cdefs.h>
#include <stdbool.h>
#include <stdint.h>
#include <timer_service.h>

#define MOST_TIMERS 32

struct Timer {
	TimerCallback callback;
	CHERI_SEALED(void *) data;
	uint64_t deadline; /* in timer cycles */
	Ticks period;      /* 0: fires once */
	uint32_t unused[5];
};

enum TimerOperation { TimerStop, TimerStart };

/* What a caller asks of the service's thread. */
struct TimerMessage {
	struct Timer *timer;
	uint32_t operation;
	Ticks delay, period;
};

/* armed.c */
__cheriot_interrupts(disabled) bool timers_reserve(void);
__cheriot_interrupts(disabled) void timers_give_back(void);
__cheriot_interrupts(disabled) void timers_disarm(struct Timer *timer);
__cheriot_interrupts(disabled) void timers_apply(const struct TimerMessage *message);
__cheriot_interrupts(disabled) bool timers_first_deadline(uint64_t *deadline);
__cheriot_interrupts(disabled) void timers_fire_first(void);
