/* Console on the 16550 UART, end of the program through simulation control, and the report of an unhandled trap. */
#include <platform.h>
#include <stdio.h>
#include <stdlib.h>

enum { DATA = 0, INTERRUPTS = 1, FIFO = 2, LINE_CONTROL = 3, LINE_STATUS = 5 };
enum { DIVISOR_OPEN = 0x80, EIGHT_BITS = 3, CAN_SEND = 0x20 };

extern void *__device_root;
extern const ptraddr_t __uart_address, __simulation_control_address; /* of the system that this is linked for */
static volatile uint32_t *uart;

volatile void *device_registers(ptraddr_t address, size_t size)
{
	return __builtin_cheri_bounds_set_exact(__builtin_cheri_address_set(__device_root, address), size);
}

void __console_start(void)
{
	uart = (volatile uint32_t *)device_registers(__uart_address, 0x100);
	uart[INTERRUPTS] = 0;
	uart[LINE_CONTROL] = DIVISOR_OPEN | EIGHT_BITS;
	uart[DATA] = 1;
	uart[INTERRUPTS] = 0;
	uart[LINE_CONTROL] = EIGHT_BITS;
	uart[FIFO] = 1;
}

int putchar(int character)
{
	character &= 0xFF;
	while (!(uart[LINE_STATUS] & CAN_SEND))
		;
	uart[DATA] = character < 0x80 ? character : '?'; /* a byte with bit 7 set would end a simulation */
	return character;
}

void exit(int code)
{
	volatile uint32_t *control = (volatile uint32_t *)device_registers(__simulation_control_address, 4);
	*control = code;
	for (;;)
		;
}
