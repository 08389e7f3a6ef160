/* Read-modify-write with interrupts off in between. */
#include <atomic.h>
#include <platform.h>

#define FETCH(name, expression)                                                                                      \
	uint32_t atomic_##name##_u32(volatile uint32_t *where, uint32_t value)                                           \
	{                                                                                                                \
		unsigned posture = interrupts_disable();                                                                     \
		uint32_t before = *where;                                                                                    \
		*where = expression;                                                                                         \
		interrupts_restore(posture);                                                                                 \
		return before;                                                                                               \
	}

FETCH(fetch_add, before + value)
FETCH(fetch_sub, before - value)
FETCH(fetch_and, before &value)
FETCH(fetch_or, before | value)
FETCH(fetch_xor, before ^ value)
FETCH(exchange, value)

bool atomic_compare_exchange_u32(volatile uint32_t *where, uint32_t *expected, uint32_t desired)
{
	unsigned posture = interrupts_disable();
	uint32_t before = *where;
	bool same = before == *expected;
	if (same)
		*where = desired;
	interrupts_restore(posture);
	if (!same)
		*expected = before;
	return same;
}
