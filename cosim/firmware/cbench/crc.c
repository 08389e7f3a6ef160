/* Table-driven and bitwise checksums. */
static unsigned table[256];
static unsigned char message[512];

static unsigned bitwise(unsigned value)
{
	for (int bit = 0; bit < 8; bit++)
		value = value & 1 ? value >> 1 ^ 0xEDB88320u : value >> 1;
	return value;
}

int main(void)
{
	for (int i = 0; i < 256; i++)
		table[i] = bitwise(i);
	for (unsigned i = 0; i < sizeof message; i++)
		message[i] = i * 7 + (i >> 3);
	unsigned crc = ~0u;
	for (int round = 0; round < 4; round++)
		for (unsigned i = 0; i < sizeof message; i++)
			crc = table[(crc ^ message[i]) & 255] ^ crc >> 8;
	return crc & 127;
}
