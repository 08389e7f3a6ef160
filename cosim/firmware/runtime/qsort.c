/* Sorting: a heap sort, so that neither the stack nor the order of the input matters. */
#include <stdlib.h>
#include <string.h>

static void swap(char *a, char *b, size_t size)
{
	if (size % 8 == 0 && (size_t)a % 8 == 0) { /* elements may hold capabilities */
		for (; size; size -= 8, a += 8, b += 8) {
			void *keep = *(void **)a;
			*(void **)a = *(void **)b;
			*(void **)b = keep;
		}
		return;
	}
	for (; size; size--, a++, b++) {
		char keep = *a;
		*a = *b;
		*b = keep;
	}
}

void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *))
{
	char *items = base;
	size_t start = count / 2, end = count;
	while (end > 1) {
		if (start)
			start--;
		else
			swap(items, items + --end * size, size);
		size_t root = start;
		for (;;) {
			size_t child = 2 * root + 1;
			if (child >= end)
				break;
			if (child + 1 < end && compare(items + child * size, items + (child + 1) * size) < 0)
				child++;
			if (compare(items + root * size, items + child * size) >= 0)
				break;
			swap(items + root * size, items + child * size, size);
			root = child;
		}
	}
}
