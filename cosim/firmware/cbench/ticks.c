/* 64-bit time: sums, comparisons, shifts, products and a few divisions. */
typedef unsigned long long u64;
typedef long long s64;
struct timer {
	u64 due, period;
	unsigned fired;
};
static struct timer timers[8];

static u64 scale(u64 ticks, unsigned mul, int shift) { return ticks * mul >> shift; }

int main(void)
{
	u64 now = 0xFFFFFF00ull, sum = 0;
	s64 drift = -5;
	for (int i = 0; i < 8; i++) {
		timers[i].period = 17 + i * 5;
		timers[i].due = now + timers[i].period;
	}
	for (int round = 0; round < 150; round++) {
		now += 9;
		drift += (s64)(now & 3) - 1;
		for (int i = 0; i < 8; i++)
			if (timers[i].due <= now) {
				timers[i].due += timers[i].period;
				timers[i].fired++;
				sum += scale(now - timers[i].due + 100, 0x9E3779B9u, 13);
			}
	}
	for (int i = 0; i < 8; i++)
		sum += timers[i].due / timers[i].period + timers[i].fired;
	return (unsigned)(sum ^ sum >> 32 ^ (u64)drift) & 127;
}
