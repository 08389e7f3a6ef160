/* Read-modify-write for the units of a system: nothing interrupts these, for their posture is "disabled". */
#include <atomic.h>

#define FETCH(name, expression)                                                                                      \
	uint32_t atomic_##name##_u32(volatile uint32_t *where, uint32_t value)                                           \
	{                                                                                                                \
		uint32_t before = *where;                                                                                    \
		*where = expression;                                                                                         \
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
	uint32_t before = *where;
	bool same = before == *expected;
	if (same)
		*where = desired;
	else
		*expected = before;
	return same;
}
