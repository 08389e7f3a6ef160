/* Changes of a queue's words, and the lock of an endpoint. */
#include "endpoint.h"

__cheriot_interrupts(disabled) bool queue_replace(volatile uint32_t *word, uint32_t expected, uint32_t desired)
{
	if (*word != expected)
		return false;
	*word = desired;
	return true;
}

/* Clear and set bits; the word before. */
uint32_t endpoint_change(Endpoint word, uint32_t clear, uint32_t set)
{
	uint32_t value;
	do
		value = *word;
	while (!queue_replace(word, value, (value & ~clear) | set));
	return value;
}

/* Move the counter on; the flags stay. */
void endpoint_advance(Endpoint word, uint32_t by, uint32_t modulus)
{
	uint32_t value, counter;
	do {
		value = *word;
		counter = (value & COUNTER) + by;
		if (counter >= modulus)
			counter -= modulus;
	} while (!queue_replace(word, value, (value & ~COUNTER) | counter));
}

/* False: stopped, or not within the limit. */
bool endpoint_lock(TimeoutArgument timeout, Endpoint word)
{
	for (;;) {
		uint32_t value = *word;
		if (value & STOPPED)
			return false;
		if (!(value & LOCKED)) {
			if (queue_replace(word, value, value | LOCKED))
				return true;
		} else if (queue_replace(word, value, value | WAITERS)) {
			if (word_wait(timeout, word, value | WAITERS, FutexNone))
				return false;
		}
	}
}

void endpoint_unlock(Endpoint word)
{
	if (endpoint_change(word, LOCKED | WAITERS, 0) & WAITERS)
		word_notify(word, WAKE_ALL);
}
