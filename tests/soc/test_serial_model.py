"""The serial port with real lines against the golden one, cycle for cycle: registers, and the interrupt by itself."""

import pytest

from rtl.soc.uart import Uart
from rtos_model.machine.devices.serial_uart import SerialUart
from rtos_model.machine.time import Time

DATA, IER, FCR, LCR, LSR, FRACTION = 0x00, 0x04, 0x08, 0x0C, 0x14, 0x24


def access(rng):
    """(offset, value to write or None): what a driver does, and what none does."""
    return rng.choice(
        [
            (DATA, rng.randrange(256)),
            (DATA, rng.randrange(256)),
            (LSR, None),
            (LSR, None),
            (FCR, None),
            (IER, rng.randrange(8)),
            (FCR, rng.choice([1, 1, 3, 5])),
            (FRACTION, rng.randrange(16)),
            (LCR, rng.choice([0x03, 0x03, 0x83])),
            (FRACTION, None),
            (DATA, None),
        ]
    )


@pytest.mark.parametrize("cycles", [6000])
def test_registers_and_interrupt_at_every_cycle(simulate, rng, cycles):
    dut, time, sent = Uart(serial=True), Time(), bytearray()
    model = SerialUart(sent.append, time)
    seen = {"interrupt": 0, "full": 0, "busy": 0}

    async def bench(ctx):
        output = bytearray()
        ctx.set(dut.console.receive, 1)
        for clock in range(cycles):
            time.now = clock
            wanted = None
            ctx.set(dut.port.enable, 0)
            if not ctx.get(dut.hold) and rng.random() < 0.3:
                offset, value = access(rng)
                ctx.set(dut.port.enable, 1)
                ctx.set(dut.port.line, offset // 8)
                ctx.set(dut.port.mask, 0xF << offset % 8)
                ctx.set(dut.port.write, value is not None)
                ctx.set(dut.port.write_data, (value or 0) << 8 * (offset % 8))
                if value is None:
                    wanted = (offset, model.read(offset))
                else:
                    model.write(offset, value, 0xFFFF_FFFF)
            model.settle()
            await ctx.tick()
            if wanted:
                offset, expected = wanted
                found = ctx.get(dut.port.read_data) >> 8 * (offset % 8) & 0xFFFF_FFFF
                assert found == expected, f"clock {clock}, offset {offset:#x}"
                seen["busy"] += offset == LSR and not expected & 0x40
            assert ctx.get(dut.interrupt) == model.interrupt, f"clock {clock}"
            assert ctx.get(dut.hold) == (model.waiting_to_send == 16)
            seen["interrupt"] += model.interrupt
            seen["full"] += ctx.get(dut.hold)
            if ctx.get(dut.console.sent_valid):
                output.append(ctx.get(dut.console.sent))
        assert output == sent and all(seen.values()), seen

    simulate(dut, bench)


@pytest.mark.parametrize("divisor, fraction", [(0, 0), (0, 3), (1, 0), (2, 7)])
def test_the_interrupt_comes_when_it_is_foretold(divisor, fraction):
    """With nobody looking in between, the FIFO is empty at the clock that `changes` says and not before."""
    for waiting in (1, 2, 16):
        time = Time()
        model = SerialUart(lambda byte: None, time)
        for offset, value in ((LCR, 0x83), (DATA, divisor), (LCR, 3), (FRACTION, fraction), (IER, 2)):
            model.write(offset, value, 0xFF)
        for clock in range(waiting):
            time.now = clock
            model.write(DATA, 0x55, 0xFF)
        due = model.changes()
        time.now = due - 2
        model.settle()
        assert not model.interrupt
        time.now = due - 1
        model.settle()
        assert model.interrupt
