/* Small helpers of the C library. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void abort(void)
{
	puts("abort");
	exit(1);
}

void __assert_failed(const char *condition, const char *file, int line)
{
	printf("%s:%d: assertion failed: %s\n", file, line, condition);
	exit(1);
}

int abs(int value) { return value < 0 ? -value : value; }
long labs(long value) { return value < 0 ? -value : value; }
long long llabs(long long value) { return value < 0 ? -value : value; }

unsigned long strtoul(const char *text, char **end, int base)
{
	const char *at = text;
	while (isspace(*at))
		at++;
	int negative = *at == '-';
	if (*at == '-' || *at == '+')
		at++;
	if ((base == 0 || base == 16) && at[0] == '0' && (at[1] | 32) == 'x' && isxdigit(at[2])) {
		at += 2;
		base = 16;
	} else if (base == 0)
		base = *at == '0' ? 8 : 10;
	unsigned long value = 0;
	int any = 0;
	for (;; at++) {
		int digit = isdigit(*at) ? *at - '0' : isalpha(*at) ? tolower(*at) - 'a' + 10 : 99;
		if (digit >= base)
			break;
		value = value * base + digit;
		any = 1;
	}
	if (end)
		*end = (char *)(any ? at : text);
	return negative ? -value : value;
}

long strtol(const char *text, char **end, int base) { return strtoul(text, end, base); }
int atoi(const char *text) { return strtol(text, NULL, 10); }

static unsigned long long seed = 1;
void srand(unsigned start) { seed = start; }
int rand(void)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(seed >> 33);
}
