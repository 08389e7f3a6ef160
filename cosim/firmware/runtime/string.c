/* Strings and comparisons. */
#include <string.h>

int memcmp(const void *left, const void *right, size_t count)
{
	const unsigned char *a = left, *b = right;
	for (; count; count--, a++, b++)
		if (*a != *b)
			return *a - *b;
	return 0;
}

void *memchr(const void *where, int value, size_t count)
{
	const unsigned char *at = where;
	for (; count; count--, at++)
		if (*at == (unsigned char)value)
			return (void *)at;
	return NULL;
}

size_t strlen(const char *text)
{
	const char *end = text;
	while (*end)
		end++;
	return end - text;
}

size_t strnlen(const char *text, size_t limit)
{
	size_t count = 0;
	while (count < limit && text[count])
		count++;
	return count;
}

int strcmp(const char *left, const char *right)
{
	while (*left && *left == *right) {
		left++;
		right++;
	}
	return *(const unsigned char *)left - *(const unsigned char *)right;
}

int strncmp(const char *left, const char *right, size_t count)
{
	for (; count; count--, left++, right++) {
		if (*left != *right)
			return *(const unsigned char *)left - *(const unsigned char *)right;
		if (!*left)
			break;
	}
	return 0;
}

char *strcpy(char *target, const char *source)
{
	char *to = target;
	while ((*to++ = *source++))
		;
	return target;
}

char *strncpy(char *target, const char *source, size_t count)
{
	char *to = target;
	for (; count && *source; count--)
		*to++ = *source++;
	for (; count; count--)
		*to++ = 0;
	return target;
}

char *strcat(char *target, const char *source)
{
	strcpy(target + strlen(target), source);
	return target;
}

char *strchr(const char *text, int wanted)
{
	for (;; text++) {
		if (*text == (char)wanted)
			return (char *)text;
		if (!*text)
			return NULL;
	}
}

char *strrchr(const char *text, int wanted)
{
	const char *found = NULL;
	for (;; text++) {
		if (*text == (char)wanted)
			found = text;
		if (!*text)
			return (char *)found;
	}
}

char *strstr(const char *text, const char *wanted)
{
	size_t length = strlen(wanted);
	for (; *text || !length; text++) {
		if (!strncmp(text, wanted, length))
			return (char *)text;
		if (!*text)
			break;
	}
	return NULL;
}
