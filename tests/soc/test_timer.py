"""The machine timer: what is read at which clock, both layouts, the lines, and writes of single bytes."""

import pytest

from rtl.config import TimerConfig
from rtl.soc.timer import Timer

# Byte offsets as the platforms document them, not as the source has them.
PLACES = {
    "safe": {"msip": 0x00, "mtime": 0x10, "mtimecmp": 0x18},
    "clint": {"msip": 0x0000, "mtime": 0xBFF8, "mtimecmp": 0x4000},
}


async def access(ctx, port, offset, *, write=None, size=4):
    """One access in one cycle; returns the bytes read as a number."""
    shift = offset % 8
    ctx.set(port.enable, 1)
    ctx.set(port.line, offset // 8)
    ctx.set(port.mask, (1 << size) - 1 << shift)
    ctx.set(port.write, write is not None)
    ctx.set(port.write_data, ((write or 0) << 8 * shift) & (1 << 64) - 1)
    await ctx.tick()
    ctx.set(port.enable, 0)
    return ctx.get(port.read_data) >> 8 * shift & (1 << 8 * size) - 1


def timer(layout="safe", prescaler=1):
    return Timer(TimerConfig(base=0, layout=layout, prescaler=prescaler))


@pytest.mark.parametrize("layout", PLACES)
@pytest.mark.parametrize("prescaler", [1, 3, 100])
def test_a_read_in_clock_c_returns_c_over_prescaler(simulate, rng, layout, prescaler):
    dut = timer(layout, prescaler)
    low = PLACES[layout]["mtime"]

    async def bench(ctx):
        clock = 0
        for _ in range(200):
            assert await access(ctx, dut.port, low) == clock // prescaler
            clock += 1
            assert await access(ctx, dut.port, low + 4) == 0
            wait = rng.randrange(1, 8)
            await ctx.tick().repeat(wait)
            clock += 1 + wait

    simulate(dut, bench)


@pytest.mark.parametrize("layout", PLACES)
def test_interrupt_line_is_exact(simulate, layout):
    dut = timer(layout, prescaler=2)
    compare = PLACES[layout]["mtimecmp"]

    async def bench(ctx):
        assert ctx.get(dut.timer)  # 0 >= 0
        await access(ctx, dut.port, compare, write=10)
        clock = 1
        while clock < 30:
            assert ctx.get(dut.timer) == (clock // 2 >= 10)
            await ctx.tick()
            clock += 1
        await access(ctx, dut.port, compare + 4, write=1)
        assert not ctx.get(dut.timer)
        await access(ctx, dut.port, compare + 4, write=0)
        assert ctx.get(dut.timer)
        assert await access(ctx, dut.port, compare) == 10

    simulate(dut, bench)


def test_written_time_goes_on_from_there_and_carries(simulate):
    dut = timer()
    at = PLACES["safe"]["mtime"]

    async def bench(ctx):
        await access(ctx, dut.port, at, write=0xFFFF_FFFE)  # clock 0
        assert await access(ctx, dut.port, at) == 0xFFFF_FFFF  # clock 1: as if it had been there in clock 0
        assert await access(ctx, dut.port, at + 4) == 1
        await access(ctx, dut.port, at, write=0x1234_5678_9ABC_DEF0, size=8)
        assert await access(ctx, dut.port, at, size=8) == 0x1234_5678_9ABC_DEF1

    simulate(dut, bench)


def test_stores_change_the_bytes_they_name(simulate):
    dut = timer()
    compare = PLACES["safe"]["mtimecmp"]

    async def bench(ctx):
        await access(ctx, dut.port, compare, write=0x1111_1111_2222_2222, size=8)
        await access(ctx, dut.port, compare + 1, write=0xAB, size=1)
        await access(ctx, dut.port, compare + 6, write=0xCDEF, size=2)
        assert await access(ctx, dut.port, compare, size=8) == 0xCDEF_1111_2222_AB22

    simulate(dut, bench)


def test_software_interrupt(simulate):
    dut = timer()

    async def bench(ctx):
        assert not ctx.get(dut.software)
        await access(ctx, dut.port, 0, write=0xFFFF_FFFF)
        assert ctx.get(dut.software)
        assert await access(ctx, dut.port, 0) == 1
        await access(ctx, dut.port, 1, write=0, size=1)  # not the byte with the bit
        assert ctx.get(dut.software)
        await access(ctx, dut.port, 0, write=0xFFFF_FFFE)
        assert not ctx.get(dut.software)

    simulate(dut, bench)


def test_holes_read_zero_and_ignore_writes(simulate):
    dut = timer()

    async def bench(ctx):
        for offset in (0x04, 0x08, 0x0C, 0x20, 0xFFC):
            await access(ctx, dut.port, offset, write=0xFFFF_FFFF)
            assert await access(ctx, dut.port, offset) == 0
        assert not ctx.get(dut.software)

    simulate(dut, bench)


def test_time_of_a_simulation(simulate):
    """Standing still, advancing by a number, and the jump past the compare value."""
    dut = timer()
    at, compare = PLACES["safe"]["mtime"], PLACES["safe"]["mtimecmp"]

    async def bench(ctx):
        ctx.set(dut.still, 1)
        await access(ctx, dut.port, at, write=7)
        await ctx.tick().repeat(5)
        assert await access(ctx, dut.port, at) == 7
        ctx.set(dut.advance, 0xFFFF_FFFF)
        await ctx.tick()
        ctx.set(dut.advance, 0)
        assert await access(ctx, dut.port, at) == 6 and await access(ctx, dut.port, at + 4) == 1
        await access(ctx, dut.port, compare, write=0xFFFF_FFFF)
        assert not ctx.get(dut.never)
        await access(ctx, dut.port, compare + 4, write=0xFFFF_FFFE)
        assert not ctx.get(dut.timer)
        ctx.set(dut.jump, 1)
        await ctx.tick()
        ctx.set(dut.jump, 0)
        assert ctx.get(dut.timer)
        assert await access(ctx, dut.port, at) == 0 and await access(ctx, dut.port, at + 4) == 0xFFFF_FFFF
        await access(ctx, dut.port, compare + 4, write=0xFFFF_FFFF)
        assert ctx.get(dut.never)

    simulate(dut, bench)
