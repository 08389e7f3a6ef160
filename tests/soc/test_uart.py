"""The serial port at its registers, as drivers of CHERIoT-SAFE use it; offsets are written out on purpose."""

import pytest

from rtl.soc.uart import Uart

DATA, IER, IIR, LCR, MCR, LSR, MSR, SCRATCH, FRACTION = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x14, 0x18, 0x1C, 0x24
FCR = IIR


class Driver:
    """Loads and stores; keeps what came out of the console tap."""

    def __init__(self, ctx, dut):
        self.ctx, self.dut, self.output = ctx, dut, b""

    async def cycle(self):
        await self.ctx.tick()
        if self.ctx.get(self.dut.console.sent_valid):
            self.output += bytes([self.ctx.get(self.dut.console.sent)])

    async def access(self, offset, write=None, size=4):
        while self.ctx.get(self.dut.hold):
            await self.cycle()
        ctx, port, shift = self.ctx, self.dut.port, offset % 8
        ctx.set(port.enable, 1)
        ctx.set(port.line, offset // 8)
        ctx.set(port.mask, (1 << size) - 1 << shift)
        ctx.set(port.write, write is not None)
        ctx.set(port.write_data, (write or 0) << 8 * shift)
        await self.cycle()
        ctx.set(port.enable, 0)
        return ctx.get(port.read_data) >> 8 * shift & (1 << 8 * size) - 1

    async def initialise(self, divisor=1):
        """The sequence of the RTOS driver."""
        low, high = divisor & 0xFF, divisor >> 8
        for offset, value in ((IER, 0), (LCR, 0x83), (DATA, low), (IER, high), (LCR, 0x03), (FCR, 1)):
            await self.access(offset, value)

    async def push(self, byte):
        console = self.dut.console
        self.ctx.set(console.received, byte)
        self.ctx.set(console.received_valid, 1)
        accepted = self.ctx.get(console.received_ready)
        await self.cycle()
        self.ctx.set(console.received_valid, 0)
        return accepted


def drive(simulate, body, *, serial=False, deadline=0.1):
    dut = Uart(serial=serial)

    async def bench(ctx):
        await body(Driver(ctx, dut), ctx, dut)

    simulate(dut, bench, deadline=deadline)


def test_divisor_writes_are_not_output_and_bytes_need_no_polling(simulate):
    async def body(uart, ctx, dut):
        await uart.initialise(divisor=0x4142)
        assert uart.output == b""
        for byte in b"hello\x80":
            await uart.access(DATA, byte)
        await uart.cycle()
        assert uart.output == b"hello\x80"
        assert await uart.access(LSR) == 0x60

    drive(simulate, body)


def test_registers_keep_what_they_should(simulate):
    async def body(uart, ctx, dut):
        for offset, mask in ((IER, 0x0F), (LCR, 0x7F), (MCR, 0x1F), (SCRATCH, 0xFF)):
            await uart.access(offset, 0xFFFF_FF00 | mask if offset == LCR else 0xFFFF_FFFF)
            assert await uart.access(offset) == mask
        for offset in (MSR, 0x20, FRACTION, 0x28, 0xFC):
            await uart.access(offset, 0xFFFF_FFFF)
            assert await uart.access(offset) == 0
        await uart.access(LCR, 0x83)
        await uart.access(DATA, 0x55)
        await uart.access(IER, 0xAA)
        assert (await uart.access(DATA), await uart.access(IER)) == (0x55, 0xAA)
        await uart.access(LCR, 0x03)
        assert (await uart.access(DATA), await uart.access(IER)) == (0, 0x0F)
        await uart.access(SCRATCH, 0x11)
        await uart.access(SCRATCH + 1, 0x22, size=1)  # the register has one byte
        assert await uart.access(SCRATCH) == 0x11
        assert uart.output == b""

    drive(simulate, body)


def test_receive_fifo(simulate):
    async def body(uart, ctx, dut):
        assert (await uart.access(LSR), await uart.access(DATA)) == (0x60, 0)
        for byte in range(0x41, 0x41 + 16):
            assert await uart.push(byte)
        assert not await uart.push(0xFF)
        assert await uart.access(LSR) == 0x61
        await uart.access(LCR, 0x83)
        await uart.access(DATA)  # the divisor: takes no byte
        await uart.access(LCR, 0x03)
        await uart.access(IER)  # the other word of the same line: takes none either
        for byte in range(0x41, 0x41 + 10):
            assert await uart.access(DATA) == byte
        assert await uart.access(DATA, size=1) == 0x4B
        await uart.access(DATA, size=8)  # a capability load reads the register too
        await uart.access(FCR, 0x03)
        assert (await uart.access(LSR), await uart.access(DATA)) == (0x60, 0)

    drive(simulate, body)


def test_interrupts(simulate):
    async def body(uart, ctx, dut):
        assert (await uart.access(IIR), ctx.get(dut.interrupt)) == (0x01, 0)
        await uart.access(FCR, 1)
        assert await uart.access(IIR) == 0xC1
        await uart.access(IER, 2)
        assert (await uart.access(IIR), ctx.get(dut.interrupt)) == (0xC2, 1)
        await uart.access(IER, 1)
        assert (await uart.access(IIR), ctx.get(dut.interrupt)) == (0xC1, 0)
        await uart.push(0x2A)
        assert (await uart.access(IIR), ctx.get(dut.interrupt)) == (0xC4, 1)
        await uart.access(IER, 3)
        assert await uart.access(IIR) == 0xC4
        assert await uart.access(DATA) == 0x2A
        assert await uart.access(IIR) == 0xC2

    drive(simulate, body)


async def decode(ctx, line, period, count, received):
    """Reads frames off a line by the clock."""
    for _ in range(count):
        while ctx.get(line):
            await ctx.tick()
        await ctx.tick().repeat(period // 2)
        assert not ctx.get(line)
        byte = 0
        for bit in range(8):
            await ctx.tick().repeat(period)
            byte |= ctx.get(line) << bit
        await ctx.tick().repeat(period)
        assert ctx.get(line), "stop bit"
        received.append(byte)


@pytest.mark.parametrize("divisor, fraction", [(1, 0), (2, 5)])
def test_serial_output_loses_nothing(simulate, rng, divisor, fraction):
    dut = Uart(serial=True)
    period = 16 * divisor + fraction
    message, received = bytes(rng.randrange(256) for _ in range(40)), []

    async def bench(ctx):
        uart = Driver(ctx, dut)
        await uart.access(LCR, 0x83)
        await uart.access(FRACTION, fraction)
        await uart.initialise(divisor)
        assert await uart.access(LSR) == 0x60
        for byte in message[:20]:  # never polls
            await uart.access(DATA, byte)
        assert await uart.access(LSR) & 0x60 == 0
        for byte in message[20:]:
            while not await uart.access(LSR) & 0x20:
                pass
            await uart.access(DATA, byte)
        while not await uart.access(LSR) & 0x40:
            pass
        assert len(received) == len(message)  # idle means that the last bit is out
        assert uart.output == message

    async def listen(ctx):
        await decode(ctx, dut.console.transmit, period, len(message), received)
        assert bytes(received) == message

    simulate(dut, bench, listen)


async def send(ctx, line, period, byte, stop=1):
    for bit in (0, *(byte >> n & 1 for n in range(8)), stop):
        ctx.set(line, bit)
        await ctx.tick().repeat(period)
    ctx.set(line, 1)


def test_serial_input_with_errors(simulate, rng):
    async def body(uart, ctx, dut):
        line = dut.console.receive
        await uart.initialise(divisor=1)
        ctx.set(line, 0)
        await ctx.tick().repeat(3)  # too short for a start bit
        ctx.set(line, 1)
        await ctx.tick().repeat(30)
        message = bytes(rng.randrange(256) for _ in range(16))
        for byte in message:
            await send(ctx, line, 16, byte)
        await ctx.tick().repeat(4)
        assert await uart.access(LSR) == 0x61
        await send(ctx, line, 16, 0x77)
        await ctx.tick().repeat(4)
        await uart.access(IER, 4)
        assert ctx.get(dut.interrupt)
        assert await uart.access(IIR) == 0xC6
        assert await uart.access(LSR) == 0x63  # overrun, until it is read
        assert await uart.access(LSR) == 0x61
        assert bytes([await uart.access(DATA) for _ in range(16)]) == message
        await send(ctx, line, 16, 0xA5, stop=0)
        await ctx.tick().repeat(20)
        assert await uart.access(LSR) & 0x08

    drive(simulate, body, serial=True)
