"""Main memory against a plain dictionary, and its tags across resets."""

import pytest
from amaranth.hdl import ResetInserter, Signal

from rtl.mem.sram import Sram
from rtl.mem.tags import TAGS_PER_WORD

LINES = 128


async def ready(ctx, dut):
    """Wait for the end of the clearing; returns the cycles it took."""
    cycles = 0
    while not ctx.get(dut.ready):
        await ctx.tick()
        cycles += 1
    return cycles


async def access(ctx, port, line, *, write=0, mask=0xFF, data=0, tag=0):
    """One request and its answer."""
    for name, value in {
        "line": line,
        "write": write,
        "mask": mask,
        "write_data": data,
        "write_tag": tag,
        "enable": 1,
    }.items():
        ctx.set(getattr(port, name), value)
    await ctx.tick()
    ctx.set(port.enable, 0)
    return ctx.get(port.read_data), ctx.get(port.read_tag)


def merged(old, new, mask):
    """The line after the bytes of `mask` were written."""
    bits = sum(0xFF << 8 * i for i in range(8) if mask >> i & 1)
    return old & ~bits | new & bits


def test_random_traffic_on_both_ports(simulate, rng):
    dut = Sram(LINES)
    data, tags = {}, {}

    async def bench(ctx):
        await ready(ctx, dut)
        expected = fetched = None  # answers due now
        for _ in range(4000):
            if expected is not None:
                assert (ctx.get(dut.data.read_data), ctx.get(dut.data.read_tag)) == expected
            if fetched is not None:
                assert ctx.get(dut.fetch.read_data) == fetched
            line = rng.choice([rng.randrange(LINES), rng.randrange(3), LINES - 1])
            enable, write, tag = rng.random() < 0.8, rng.random() < 0.5, rng.random() < 0.5
            mask, value = rng.choice([0xFF, 0x0F, 0xF0, 0, 1 << rng.randrange(8)]), rng.getrandbits(64)
            ctx.set(dut.data.enable, enable)
            ctx.set(dut.data.line, line)
            ctx.set(dut.data.write, write)
            ctx.set(dut.data.mask, mask)
            ctx.set(dut.data.write_data, value)
            ctx.set(dut.data.write_tag, tag)
            expected = (data.get(line, 0), tags.get(line, 0)) if enable and not write else None
            if enable and write:
                data[line], tags[line] = merged(data.get(line, 0), value, mask), tag
            fetch = rng.random() < 0.8
            fetch_line = rng.choice([line, rng.randrange(LINES)])
            ctx.set(dut.fetch.enable, fetch)
            ctx.set(dut.fetch.line, fetch_line)
            fetched = data.get(fetch_line, 0) if fetch else None
            await ctx.tick()

    simulate(dut, bench)


def test_byte_store_clears_only_its_lines_tag(simulate):
    dut = Sram(LINES)

    async def bench(ctx):
        await ready(ctx, dut)
        for line in (4, 5, 6):
            await access(ctx, dut.data, line, write=1, data=line, tag=1)
        await access(ctx, dut.data, 5, write=1, mask=0x80, data=0xAA << 56)
        assert await access(ctx, dut.data, 4) == (4, 1)
        assert await access(ctx, dut.data, 5) == (0xAA << 56 | 5, 0)
        assert await access(ctx, dut.data, 6) == (6, 1)

    simulate(dut, bench)


@pytest.mark.parametrize("when", ["idle", "writing", "clearing"])
def test_tags_are_zero_after_a_warm_reset(simulate, when):
    inner = Sram(LINES)
    reset = Signal()
    dut = ResetInserter(reset)(inner)

    async def bench(ctx):
        assert await ready(ctx, inner) == LINES // TAGS_PER_WORD
        for line in range(LINES):
            await access(ctx, inner.data, line, write=1, data=line, tag=1)
        if when == "writing":
            ctx.set(inner.data.enable, 1)
        ctx.set(reset, 1)
        await ctx.tick()
        ctx.set(inner.data.enable, 0)
        ctx.set(reset, 0)
        if when == "clearing":
            await ctx.tick().repeat(2)
            ctx.set(reset, 1)
            await ctx.tick()
            ctx.set(reset, 0)
        assert await ready(ctx, inner) == LINES // TAGS_PER_WORD
        for line in range(LINES):
            data, tag = await access(ctx, inner.data, line)
            assert (data, tag) == (line, 0)

    simulate(dut, bench)
