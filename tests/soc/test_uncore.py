"""Everything around the core, addressed as the core does: who answers where, and what a reset leaves behind."""

import pytest
from amaranth.hdl import ResetInserter, Signal

from rtl.config import KIB, CoreConfig, HeapConfig, Region, SocConfig, TimerConfig
from rtl.soc.uncore import Uncore

RAM, ROM, DATA_RAM, BITMAP = 0x2004_0000, 0x2000_0000, 0x200F_0000, 0x200F_E000
TIMER, UART, SIMCTL = 0x1400_1000, 0x8F00_B000, 0x1400_2000
PLIC, REVOKER, GPIO = 0x1000_0000, 0x1400_0000, 0x8F00_F000
IMAGE = bytes(range(64))


def config(**changes):
    choices = {
        "name": "small",
        "core": CoreConfig(boot_address=ROM),
        "rom": Region(base=ROM, size=256),
        "ram": Region(base=RAM, size=32 * KIB),
        "heap": HeapConfig(base=RAM, size=16 * KIB, bitmap=BITMAP),
        "entry": RAM,
        "timer": TimerConfig(base=TIMER),
        "uart": UART,
        "simctl": SIMCTL,
    }
    return SocConfig(**choices | changes)


class Initiator:
    """One request at a time; counts clock cycles from reset as the core does."""

    def __init__(self, ctx, dut):
        self.ctx, self.dut, self.clock = ctx, dut, 0

    async def cycle(self):
        await self.ctx.tick()
        self.clock += 1

    async def request(self, address, *, port=None, write=None, size=4, tag=0):
        """Returns (clock of acceptance, bytes read, tag), or None for an error."""
        ctx, port = self.ctx, port or self.dut.data
        shift = address % 8
        request = {"line": address // 8, "write": write is not None, "mask": (1 << size) - 1 << shift, "tag": tag}
        ctx.set(port.request, {**request, "data": (write or 0) << 8 * shift})
        ctx.set(port.valid, 1)
        while not ctx.get(port.ready):
            await self.cycle()
        accepted = self.clock
        await self.cycle()
        ctx.set(port.valid, 0)
        assert ctx.get(port.answered)
        response = ctx.get(port.response)
        data = response.data >> 8 * shift & (1 << 8 * size) - 1
        return None if response.error else (accepted, data, response.tag)

    async def load(self, address, **options):
        answer = await self.request(address, **options)
        return None if answer is None else answer[1:]

    async def fetch(self, address):
        return await self.load(address, port=self.dut.fetch, size=8)

    async def store(self, address, value, **options):
        return await self.request(address, write=value, **options) is not None


def play(simulate, body, dut):
    async def bench(ctx):
        await body(Initiator(ctx, dut), ctx)

    simulate(dut, bench)


def test_map(simulate):
    dut = Uncore(config(data_ram=Region(base=DATA_RAM, size=48 * KIB)), IMAGE)
    value = 0x0123_4567_89AB_CDEF

    async def body(core, ctx):
        for base, size in ((RAM, 32 * KIB), (DATA_RAM, 48 * KIB)):
            for address in (base, base + size - 8):
                assert await core.store(address, value, size=8, tag=1)
                assert await core.load(address, size=8) == (value, 1)
                assert await core.store(address + 3, 0xAA, size=1)
                assert await core.load(address, size=8) == (value & ~(0xFF << 24) | 0xAA << 24, 0)
        for address in (BITMAP, BITMAP + 16 * KIB // 64 - 8):
            assert await core.store(address, value, size=8, tag=1)
            assert await core.load(address, size=8) == (value, 0)
        assert await core.load(ROM + 8, size=8) == (int.from_bytes(IMAGE[8:16], "little"), 0)
        assert not await core.store(ROM, 0)
        assert await core.fetch(ROM) == (int.from_bytes(IMAGE[:8], "little"), 0)
        assert await core.fetch(RAM) == (value & ~(0xFF << 24) | 0xAA << 24, 0)
        for address in (DATA_RAM, BITMAP, TIMER, UART, SIMCTL, RAM + 32 * KIB, ROM + 256, 0, 0xFFFF_FFF8):
            assert await core.fetch(address) is None
        for address in (BITMAP + 256, BITMAP + 8 * KIB - 8):  # the rest of the bitmap's window
            assert await core.store(address, value, size=8, tag=1)
            assert await core.load(address, size=8) == (0, 0)
        outside = (RAM - 8, RAM + 32 * KIB, BITMAP - 8, BITMAP + 8 * KIB, ROM + 256, SIMCTL + 0x1000, UART + 0x100, 0)
        for address in outside:
            assert await core.load(address) is None, hex(address)
            assert not await core.store(address, 0)

    play(simulate, body, dut)


def test_devices_do_not_keep_tags(simulate):
    dut = Uncore(config(), IMAGE)

    async def body(core, ctx):
        assert await core.store(TIMER + 0x18, 0x1234_5678_9ABC_DEF0, size=8, tag=1)
        assert await core.load(TIMER + 0x18, size=8) == (0x1234_5678_9ABC_DEF0, 0)
        assert await core.store(SIMCTL + 0x40, 0x55, size=8, tag=1)
        assert ctx.get(dut.simctl.store_valid)
        assert ctx.get(dut.simctl.store.tag)  # the harness does see it

    play(simulate, body, dut)


def test_time_is_that_of_acceptance(simulate):
    dut = Uncore(config(timer=TimerConfig(base=TIMER, prescaler=3)), IMAGE)

    async def body(core, ctx):
        for wait in (0, 1, 2, 5, 30):
            for _ in range(wait):
                await core.cycle()
            accepted, time, _ = await core.request(TIMER + 0x10)
            assert time == accepted // 3

    play(simulate, body, dut)


def test_console_and_exit(simulate):
    dut = Uncore(config(), IMAGE)

    async def body(core, ctx):
        await core.store(UART, 0x41)
        assert (ctx.get(dut.uart.sent_valid), ctx.get(dut.uart.sent)) == (1, 0x41)
        ctx.set(dut.uart.received, 0x42)
        ctx.set(dut.uart.received_valid, 1)
        assert ctx.get(dut.uart.received_ready)
        await core.cycle()
        ctx.set(dut.uart.received_valid, 0)
        assert await core.load(UART) == (0x42, 0)
        await core.store(SIMCTL, 77)
        assert (ctx.get(dut.simctl.exit_valid), ctx.get(dut.simctl.exit_code)) == (1, 77)
        await core.cycle()
        assert not ctx.get(dut.simctl.exit_valid)

    play(simulate, body, dut)


def test_interrupt_lines(simulate):
    dut = Uncore(config(), IMAGE)

    async def body(core, ctx):
        await core.store(TIMER + 0x1C, 1)
        assert not ctx.get(dut.interrupts.as_value())
        for name in ("software", "timer", "external"):
            ctx.set(dut.lines, {name: 1})
            assert ctx.get(dut.interrupts) == ctx.get(dut.lines)
        ctx.set(dut.lines, {})
        await core.store(TIMER, 1)
        assert ctx.get(dut.interrupts.software)
        await core.store(TIMER + 0x1C, 0)
        await core.store(TIMER + 0x18, 0)
        assert ctx.get(dut.interrupts.timer)

    play(simulate, body, dut)


@pytest.mark.parametrize(
    ("source", "address", "value"),
    [
        (1, REVOKER + 8, 0),  # an empty sweep
        (2, UART + 4, 2),  # transmitter empty
        (8, SIMCTL + 0x1C, 1 << 8),
        (11, SIMCTL + 0x1C, 1 << 11),
        (12, SIMCTL + 0x1C, 1 << 12),
        (15, SIMCTL + 0x1C, 1 << 15),
    ],
)
def test_interrupt_sources(simulate, source, address, value):
    dut = Uncore(config(plic=PLIC, revoker=REVOKER), IMAGE)
    latched = source != 2  # of test interrupts the level form also asks until it is claimed

    async def body(core, ctx):
        await core.store(REVOKER + 0x14, 1)
        await core.store(PLIC + 4 * source, 1)
        await core.store(PLIC + 0x2000, 1 << source)
        assert not ctx.get(dut.interrupts.external)
        assert await core.load(PLIC + 0x20_0004) == (0, 0)
        await core.store(address, value)
        assert await core.load(PLIC + 0x20_0004) == (source, 0)
        assert await core.load(PLIC + 0x20_0004) == (0, 0)
        await core.store(PLIC + 0x20_0004, source)
        assert await core.load(PLIC + 0x1000) == (0 if latched else 1 << source, 0)
        await core.store(address, value)
        await core.cycle()
        assert ctx.get(dut.interrupts.external)

    play(simulate, body, dut)


def test_pins(simulate):
    dut = Uncore(config(gpio=GPIO), IMAGE)

    async def body(core, ctx):
        await core.store(GPIO + 4, 0x1234)
        assert ctx.get(dut.gpio.output) == 0x1234

    play(simulate, body, dut)


def test_store_is_seen_by_the_next_lookup(simulate):
    dut = Uncore(config(), IMAGE)

    async def body(core, ctx):
        assert await core.store(BITMAP + 4, 0x10)
        ctx.set(dut.lookup.granule, RAM // 8 + 36)
        ctx.set(dut.lookup.enable, 1)
        await core.cycle()
        assert ctx.get(dut.lookup.revoked)

    play(simulate, body, dut)


def test_warm_reset_clears_tags_and_revocation_bits(simulate):
    inner = Uncore(config(), IMAGE)
    reset = Signal()

    async def bench(ctx):
        core = Initiator(ctx, inner)
        addresses = [RAM + 8 * n for n in (0, 1, 31, 32, 2048, 4095)]
        for address in addresses:
            await core.store(address, address, size=8, tag=1)
        await core.store(BITMAP + 252, 0xFFFF_FFFF)
        ctx.set(reset, 1)
        await core.cycle()
        ctx.set(reset, 0)
        for address in addresses:  # the first request waits until all is clear
            assert await core.load(address, size=8) == (address, 0)
        assert await core.load(BITMAP + 252) == (0, 0)

    simulate(ResetInserter(reset)(inner), bench)


def test_serial_console_makes_the_data_port_wait(simulate):
    dut = Uncore(config(serial=True), IMAGE)

    async def body(core, ctx):
        await core.store(UART + 0x0C, 0x83)
        await core.store(UART, 1)
        await core.store(UART + 0x0C, 0x03)
        before = core.clock
        for _ in range(20):
            await core.store(UART, 0x55)
        assert core.clock - before > 16 * 10 * 2  # 16 fit the FIFO, one is on the line: three had to wait for room

    play(simulate, body, dut)


@pytest.mark.parametrize("left_out", ["rom", "uart", "simctl", "timer"])
def test_what_is_left_out_is_not_there(simulate, left_out):
    address = {"rom": ROM, "uart": UART, "simctl": SIMCTL, "timer": TIMER}[left_out]
    dut = Uncore(config(**{left_out: None}, core=CoreConfig(boot_address=RAM)))

    async def body(core, ctx):
        assert await core.load(address) is None
        assert await core.load(RAM) == (0, 0)

    play(simulate, body, dut)
