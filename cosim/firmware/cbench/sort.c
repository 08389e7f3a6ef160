/* Quick sort and insertion sort of integers. */
static int data[256];

static void insertion(int *from, int count)
{
	for (int i = 1; i < count; i++) {
		int value = from[i], at = i;
		while (at > 0 && from[at - 1] > value) {
			from[at] = from[at - 1];
			at--;
		}
		from[at] = value;
	}
}

static void quick(int *from, int count)
{
	while (count > 8) {
		int pivot = from[count / 2], low = 0, high = count - 1;
		while (low <= high) {
			while (from[low] < pivot)
				low++;
			while (from[high] > pivot)
				high--;
			if (low <= high) {
				int keep = from[low];
				from[low++] = from[high];
				from[high--] = keep;
			}
		}
		quick(from, high + 1);
		from += low;
		count -= low;
	}
	insertion(from, count);
}

int main(void)
{
	unsigned seed = 1, sum = 0;
	for (int i = 0; i < 256; i++) {
		seed = seed * 1103515245 + 12345;
		data[i] = seed >> 8;
	}
	quick(data, 256);
	for (int i = 1; i < 256; i++)
		sum += (data[i] >= data[i - 1]) * i;
	return sum & 127;
}
