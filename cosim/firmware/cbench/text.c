/* Scanning, counting and converting text. */
static const char text[] =
	"the quick brown fox 12 jumps over 345 lazy dogs; the 6789 dogs sleep, the fox does not sleep. 0x1f 777 ";
static unsigned counts[26];
static char words[32][12];

static int same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static int find(const char *word, int known)
{
	for (int i = 0; i < known; i++)
		if (same(words[i], word))
			return i;
	return -1;
}

int main(void)
{
	int known = 0, total = 0, hits = 0;
	for (int round = 0; round < 6; round++) {
		const char *at = text;
		while (*at) {
			char word[12];
			int length = 0, number = 0;
			while (*at >= 'a' && *at <= 'z') {
				counts[*at - 'a']++;
				if (length < 11)
					word[length++] = *at;
				at++;
			}
			word[length] = 0;
			if (length) {
				int index = find(word, known);
				if (index >= 0)
					hits += index;
				else if (known < 32) {
					for (int i = 0; i <= length; i++)
						words[known][i] = word[i];
					known++;
				}
				continue;
			}
			while (*at >= '0' && *at <= '9')
				number = number * 10 + *at++ - '0';
			total += number;
			if (*at && !(*at >= 'a' && *at <= 'z') && !(*at >= '0' && *at <= '9'))
				at++;
		}
	}
	for (int i = 0; i < 26; i++)
		total += counts[i] * i;
	return (total + hits + known) & 127;
}
