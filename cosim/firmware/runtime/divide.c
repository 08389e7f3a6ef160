/* 64-bit division that the compiler calls by name. Division by zero gives all ones, as the instruction does. */
#include <stdint.h>

int __clzdi2(uint64_t value);

static uint64_t divide(uint64_t value, uint64_t divisor, uint64_t *rest)
{
	uint64_t quotient = 0;
	if (!(value >> 32) && !(divisor >> 32)) {
		uint32_t a = value, b = divisor;
		*rest = a % b;
		return b ? a / b : UINT64_MAX;
	}
	if (!divisor) {
		*rest = value;
		return UINT64_MAX;
	}
	if (value >= divisor) {
		int shift = __clzdi2(divisor) - __clzdi2(value);
		divisor <<= shift;
		for (; shift >= 0; shift--) {
			quotient <<= 1;
			if (value >= divisor) {
				value -= divisor;
				quotient |= 1;
			}
			divisor >>= 1;
		}
	}
	*rest = value;
	return quotient;
}

uint64_t __udivdi3(uint64_t value, uint64_t divisor)
{
	uint64_t rest;
	return divide(value, divisor, &rest);
}

uint64_t __umoddi3(uint64_t value, uint64_t divisor)
{
	uint64_t rest;
	divide(value, divisor, &rest);
	return rest;
}

int64_t __divdi3(int64_t value, int64_t divisor)
{
	uint64_t rest;
	uint64_t quotient = divide(value < 0 ? -(uint64_t)value : (uint64_t)value,
	                           divisor < 0 ? -(uint64_t)divisor : (uint64_t)divisor, &rest);
	if (!divisor)
		return -1;
	return (value < 0) != (divisor < 0) ? -quotient : quotient;
}

int64_t __moddi3(int64_t value, int64_t divisor)
{
	uint64_t rest;
	divide(value < 0 ? -(uint64_t)value : (uint64_t)value, divisor < 0 ? -(uint64_t)divisor : (uint64_t)divisor, &rest);
	return value < 0 ? -rest : rest;
}
