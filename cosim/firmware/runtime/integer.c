/* 64-bit arithmetic and bit counts that the compiler calls by name. */
#include <stdint.h>

struct halves {
	uint32_t low, high;
};
union wide {
	uint64_t value;
	struct halves half;
};

uint64_t __ashldi3(uint64_t value, int count)
{
	union wide in = {value}, out;
	if (count & 32) {
		out.half.low = 0;
		out.half.high = in.half.low << (count & 31);
	} else if (count & 31) {
		out.half.low = in.half.low << count;
		out.half.high = in.half.high << count | in.half.low >> (32 - count);
	} else
		return value;
	return out.value;
}

uint64_t __lshrdi3(uint64_t value, int count)
{
	union wide in = {value}, out;
	if (count & 32) {
		out.half.high = 0;
		out.half.low = in.half.high >> (count & 31);
	} else if (count & 31) {
		out.half.high = in.half.high >> count;
		out.half.low = in.half.low >> count | in.half.high << (32 - count);
	} else
		return value;
	return out.value;
}

int64_t __ashrdi3(int64_t value, int count)
{
	union wide in = {value}, out;
	if (count & 32) {
		out.half.high = (int32_t)in.half.high >> 31;
		out.half.low = (int32_t)in.half.high >> (count & 31);
	} else if (count & 31) {
		out.half.high = (int32_t)in.half.high >> count;
		out.half.low = in.half.low >> count | in.half.high << (32 - count);
	} else
		return value;
	return out.value;
}

int __clzsi2(uint32_t value)
{
	int count = 0;
	if (!value)
		return 32;
	if (!(value >> 16)) {
		count += 16;
		value <<= 16;
	}
	if (!(value >> 24)) {
		count += 8;
		value <<= 8;
	}
	if (!(value >> 28)) {
		count += 4;
		value <<= 4;
	}
	if (!(value >> 30)) {
		count += 2;
		value <<= 2;
	}
	return value >> 31 ? count : count + 1;
}

int __clzdi2(uint64_t value)
{
	uint32_t high = value >> 32;
	return high ? __clzsi2(high) : 32 + __clzsi2(value);
}

int __ctzsi2(uint32_t value)
{
	return value ? 31 - __clzsi2(value & -value) : 32;
}

int __ctzdi2(uint64_t value)
{
	uint32_t low = value;
	return low ? __ctzsi2(low) : 32 + __ctzsi2(value >> 32);
}

int __ffssi2(uint32_t value)
{
	return value ? __ctzsi2(value) + 1 : 0;
}

int __popcountsi2(uint32_t value)
{
	value -= value >> 1 & 0x55555555;
	value = (value & 0x33333333) + (value >> 2 & 0x33333333);
	return ((value + (value >> 4)) & 0x0F0F0F0F) * 0x01010101 >> 24;
}

int __popcountdi2(uint64_t value)
{
	return __popcountsi2(value) + __popcountsi2(value >> 32);
}

int __paritysi2(uint32_t value)
{
	return __popcountsi2(value) & 1;
}

uint32_t __bswapsi2(uint32_t value)
{
	return value << 24 | (value & 0xFF00) << 8 | (value >> 8 & 0xFF00) | value >> 24;
}
