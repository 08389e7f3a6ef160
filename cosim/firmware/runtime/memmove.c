/* Copy between areas that may overlap. */
#include <string.h>

void *memmove(void *target, const void *source, size_t count)
{
	if ((size_t)target - (size_t)source >= count)
		return memcpy(target, source, count);
	char *to = (char *)target + count;
	const char *from = (const char *)source + count;
	if (((size_t)to - (size_t)from) % 8 == 0) {
		while (count && (size_t)to % 8) {
			*--to = *--from;
			count--;
		}
		while (count >= 8) {
			to -= 8;
			from -= 8;
			*(void **)to = *(void *const *)from;
			count -= 8;
		}
	}
	while (count) {
		*--to = *--from;
		count--;
	}
	return target;
}
