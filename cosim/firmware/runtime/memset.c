/* Fill memory with one byte value. */
#include <string.h>

void *memset(void *target, int value, size_t count)
{
	char *to = target;
	unsigned word = (unsigned char)value * 0x01010101u;
	if (count >= 8) {
		while ((size_t)to % 4) {
			*to++ = value;
			count--;
		}
		while (count >= 4) {
			*(unsigned *)to = word;
			to += 4;
			count -= 4;
		}
	}
	while (count) {
		*to++ = value;
		count--;
	}
	return target;
}
