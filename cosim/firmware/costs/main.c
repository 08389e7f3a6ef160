/* What the RTOS costs: operations between marks, some turns each. A mark is a call of `mark`, which an observer of the
   running machine sees; nothing else reports. The low thread measures, and wakes the high one, which marks that it runs.
   OPERATIONS is the list: MEASURE(number, code) for what the low thread does alone. */
#include <compartment.h>
#include <futex.h>
#include <interrupt.h>
#include <locks.h>
#include <queue.h>
#include <stdlib.h>
#include <switcher.h>
#include <thread.h>

#define TURNS 4
#define QUOTA STATIC_SEALED_VALUE(quota)
#define RIGHT STATIC_SEALED_VALUE(right)

int __cheri_compartment("callee") nothing(void);
int __cheri_compartment("callee") deep(void);
void __cheri_compartment("main") high(void);
void __cheri_compartment("main") low(void);

/* Even numbers start, odd ones end. */
__attribute__((noinline, used)) static void mark(unsigned number)
{
	__asm__ volatile("");
}

#define MEASURE(number, code)                                                                                        \
	for (int turn = 0; turn < TURNS; turn++) {                                                                       \
		mark(2 * (number));                                                                                          \
		code;                                                                                                        \
		mark(2 * (number) + 1);                                                                                      \
	}

static volatile uint32_t word;
static struct FlagLockState lock;
static struct MessageQueue *queue, *sealedQueue;
static uint32_t message;

void high(void)
{
	for (int turn = 0; turn < TURNS; turn++) {
		futex_wait(&word, turn);
		mark(2 * WAKE + 1);
	}
	const volatile uint32_t *count = interrupt_futex_get(RIGHT);
	for (int turn = 0; turn < TURNS; turn++) {
		futex_wait(count, turn);
		mark(2 * INTERRUPT + 1);
		interrupt_complete(RIGHT);
	}
}

static void raise_interrupt(void)
{
	MMIO_CAPABILITY(uint32_t, simulation_clock)[1] = 1U << INTERRUPT_NUMBER;
	for (volatile int wait = 0; wait < 8; wait++) {
	}
}

void low(void)
{
	queue_create(TimeoutNoWait, QUOTA, &queue, sizeof(message), TURNS);
	queue_create_sealed(TimeoutNoWait, QUOTA, &sealedQueue, sizeof(message), TURNS);
	OPERATIONS
	for (int turn = 0; turn < TURNS; turn++) {
		word = turn + 1;
		mark(2 * WAKE);
		futex_wake(&word, 1);
	}
	for (int turn = 0; turn < TURNS; turn++) {
		mark(2 * INTERRUPT);
		raise_interrupt();
	}
}
