/* Sieve, greatest common divisors, recursion. */
static unsigned char marks[1000];

static unsigned gcd(unsigned a, unsigned b)
{
	while (b) {
		unsigned rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

static int fibonacci(int n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

static int ways(int n, int coin)
{
	static const int coins[] = {1, 2, 5, 10};
	if (n == 0)
		return 1;
	if (n < 0 || coin < 0)
		return 0;
	return ways(n - coins[coin], coin) + ways(n, coin - 1);
}

int main(void)
{
	int count = 0;
	unsigned sum = 0;
	for (unsigned i = 2; i < sizeof marks; i++) {
		if (marks[i])
			continue;
		count++;
		for (unsigned j = i * i; j < sizeof marks; j += i)
			marks[j] = 1;
	}
	for (unsigned i = 1; i < 30; i++)
		for (unsigned j = 1; j < 10; j++)
			sum += gcd(i * 6, j * 4);
	return (count + sum + fibonacci(14) + ways(25, 3)) & 127;
}
