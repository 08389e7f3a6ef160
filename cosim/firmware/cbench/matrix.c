/* Matrix products and sums over short integers. */
enum { N = 12 };
static short a[N][N], b[N][N];
static int c[N][N];

static int product(void)
{
	int trace = 0;
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++) {
			int sum = 0;
			for (int k = 0; k < N; k++)
				sum += a[i][k] * b[k][j];
			c[i][j] = sum;
			if (i == j)
				trace += sum;
		}
	return trace;
}

int main(void)
{
	int total = 0;
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++) {
			a[i][j] = i * 3 - j;
			b[i][j] = j * 5 + i;
		}
	for (int round = 0; round < 4; round++) {
		total += product();
		for (int i = 0; i < N; i++)
			for (int j = 0; j < N; j++)
				a[i][j] = c[i][j] >> 4;
	}
	return total & 127;
}
