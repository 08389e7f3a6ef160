#include <stdio.h>
#include <stdlib.h>

/* The greatest common divisor, as something to test. */
static unsigned gcd(unsigned a, unsigned b)
{
	while (b != 0) {
		unsigned rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

int main(void)
{
	printf("gcd(1071, 462) = %u\n", gcd(1071, 462));

#ifdef OVERFLOW
	/* One element too far: the pointer knows where its object ends, so this store traps. */
	int *numbers = malloc(4 * sizeof(*numbers));
	for (int i = 0; i <= 4; i++)
		numbers[i] = i;
#endif
	return 0;
}
