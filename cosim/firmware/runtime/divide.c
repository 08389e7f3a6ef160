/* 64-bit division that the compiler calls by name. Division by zero gives all ones, as the instruction does. */
#include <stdint.h>

int __clzsi2(uint32_t value);
int __clzdi2(uint64_t value);

/* (high:low) / divisor for high < divisor, two 16-bit digits at a time (Knuth, algorithm D). */
static uint32_t divide_pair(uint32_t high, uint32_t low, uint32_t divisor, uint32_t *rest)
{
	int shift = __clzsi2(divisor);
	if (shift) {
		divisor <<= shift;
		high = high << shift | low >> (32 - shift);
		low <<= shift;
	}
	uint32_t top = divisor >> 16, bottom = divisor & 0xFFFF, quotient = 0;
	for (int digit = 0; digit < 2; digit++) {
		uint32_t guess = high / top, left = high % top;
		uint32_t next = low >> 16;
		while (guess >> 16 || guess * bottom > (left << 16 | next)) {
			guess--;
			left += top;
			if (left >> 16)
				break;
		}
		high = (high << 16 | next) - guess * divisor;
		quotient = quotient << 16 | guess;
		low <<= 16;
	}
	*rest = high >> shift;
	return quotient;
}

static uint64_t divide(uint64_t value, uint64_t divisor, uint64_t *rest)
{
	uint64_t quotient = 0;
	if (!(divisor >> 32) && divisor) {
		uint32_t high = value >> 32, by = divisor, left;
		uint32_t low_quotient;
		if (!high) {
			*rest = (uint32_t)value % by;
			return (uint32_t)value / by;
		}
		low_quotient = divide_pair(high % by, value, by, &left);
		*rest = left;
		return (uint64_t)(high / by) << 32 | low_quotient;
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
