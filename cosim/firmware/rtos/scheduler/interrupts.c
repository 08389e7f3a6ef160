/* External interrupts: the controller, a counter for each configured source, and the rights to them. */
#include "interrupts.h"
#include "wake.h"
#include <cheri.h>
#include <compartment-macros.h>
#include <errno.h>
#include <interrupt.h>
#include <token.h>

/* Platform-level interrupt controller with one context. */
struct InterruptController {
	uint32_t priority[0x400];
	uint32_t pending[0x400];
	uint32_t enable[(0x200000 - 0x2000) / 4];
	uint32_t threshold;
	uint32_t claim; /* read: take the most urgent one; write: complete */
};

#define SOURCES_OF_CONTROLLER 32

struct InterruptSource {
	uint16_t number;
	uint8_t priority;
	bool edge;
};

/* The configured ones; number 0 is no interrupt. */
static const struct InterruptSource sources[] = {CHERIOT_INTERRUPT_CONFIGURATION{0, 0, false}};
#define SOURCES (sizeof sources / sizeof sources[0] - 1)

/* How often each has come. An observer watches for stores. */
uint32_t observe_irq_counters[SOURCES + 1];

static volatile struct InterruptController *controller(void)
{
	return MMIO_CAPABILITY(struct InterruptController, plic);
}

void interrupts_init(void)
{
	volatile struct InterruptController *plic = controller();
	for (uint32_t number = 1; number < SOURCES_OF_CONTROLLER; number++)
		plic->priority[number] = 0;
	uint32_t enabled = 0;
	for (uint32_t i = 0; i < SOURCES; i++) {
		plic->priority[sources[i].number] = sources[i].priority;
		enabled |= 1U << sources[i].number;
	}
	plic->enable[0] = enabled;
	plic->threshold = 0;
}

/* Where a source's counter is, or SOURCES if it is not configured. */
static uint32_t index_of(uint32_t number)
{
	uint32_t i = 0;
	while (i < SOURCES && sources[i].number != number)
		i++;
	return i;
}

bool interrupt_take(void)
{
	uint32_t number = controller()->claim;
	uint32_t i = index_of(number);
	if (number == 0 || i == SOURCES)
		return false;
	volatile uint32_t *counter = &observe_irq_counters[i];
	*counter += 1;
	if (sources[i].edge)
		controller()->claim = number;
	bool inherited = false;
	return wake_waiters(cheri_address_get(counter), WAKE_ALL, &inherited) > 0;
}

static const struct InterruptCapabilityState *opened(InterruptCapability right)
{
	return token_obj_unseal_static(STATIC_SEALING_TYPE(InterruptKey), (void *)right);
}

__cheriot_minimum_stack(0x30) const volatile uint32_t *interrupt_futex_get(InterruptCapability right)
{
	const struct InterruptCapabilityState *body = opened(right);
	if (!cheri_tag_get(body) || !body->mayWait)
		return NULL;
	uint32_t i = index_of(body->interruptNumber);
	if (i == SOURCES)
		return NULL;
	const volatile uint32_t *counter = cheri_bounds_set_exact(&observe_irq_counters[i], sizeof(uint32_t));
	return cheri_permissions_and(counter, CHERI_PERM_GLOBAL | CHERI_PERM_LOAD);
}

__cheriot_minimum_stack(0x30) int interrupt_complete(InterruptCapability right)
{
	const struct InterruptCapabilityState *body = opened(right);
	if (!cheri_tag_get(body) || !body->mayComplete)
		return -EPERM;
	controller()->claim = body->interruptNumber;
	return 0;
}
