/* Copies and fills. Where both sides are equally aligned, whole capabilities move, tags included. */
#include <string.h>

void *memcpy(void *target, const void *source, size_t count)
{
	char *to = target;
	const char *from = source;
	if (((size_t)to - (size_t)from) % 8 == 0 && count >= 8) {
		while ((size_t)to % 8) {
			*to++ = *from++;
			count--;
		}
		while (count >= 8) {
			*(void **)to = *(void *const *)from;
			to += 8;
			from += 8;
			count -= 8;
		}
	} else {
		while (count >= 4) {
			*(unsigned *)to = *(const unsigned *)from;
			to += 4;
			from += 4;
			count -= 4;
		}
	}
	while (count) {
		*to++ = *from++;
		count--;
	}
	return target;
}
