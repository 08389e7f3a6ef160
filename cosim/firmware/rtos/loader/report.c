/* The end of a run for an image that cannot be loaded: a line on the UART, an exit code for a simulator. */

#include "loader.h"

#define REFUSED 125 /* exit code */

struct Uart {
	uint32_t data, interrupts, fifo, line, modem, status;
};
#define UART_8N1 0x03u
#define UART_DLAB 0x80u
#define UART_SENDABLE 0x20u

static void put_text(volatile struct Uart *uart, const char *text)
{
	for (; *text; text++) {
		while (!(uart->status & UART_SENDABLE)) {
		}
		uart->data = *text;
	}
}

static void put_hex(volatile struct Uart *uart, uint32_t value)
{
	char text[9];
	for (int digit = 7; digit >= 0; digit--, value >>= 4)
		text[digit] = "0123456789abcdef"[value & 15];
	text[8] = 0;
	put_text(uart, text);
}

void refuse(struct Loader *loader, const char *reason, uint32_t address)
{
	volatile struct Uart *uart = cheri_address_set(loader->memory, PLATFORM_UART);
	uart->interrupts = 0;
	uart->line = UART_DLAB | UART_8N1;
	uart->data = 1;       /* the divisor, low and high */
	uart->interrupts = 0;
	uart->line = UART_8N1;
	uart->fifo = 1;
	put_text(uart, "loader: ");
	put_text(uart, reason);
	put_text(uart, " 0x");
	put_hex(uart, address);
	put_text(uart, "\n");
#ifdef PLATFORM_SIMCTL
	*(volatile uint32_t *)cheri_address_set(loader->memory, PLATFORM_SIMCTL) = REFUSED;
#endif
	while (true) {
	}
}
