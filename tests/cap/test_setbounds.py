"""Bounds encoding in hardware, exhaustively around the lengths and bases where the exponent changes."""

import pytest

from rtl.cap.setbounds import BoundsEncoder
from rtos_model.machine.capability import ROOT_MEMORY, alignment_mask, encode_bounds, representable_length
from tests.capabilities import EXPONENTS, WORD, edge_ranges, some_range, some_word


async def check(ctx, dut, base, length, *, down):
    ctx.set(dut.request_base, base)
    ctx.set(dut.request_length, length)
    ctx.set(dut.request_top, base + length)
    ctx.set(dut.round_down, down)
    whole = ROOT_MEMORY.with_address(base)
    want = whole.with_bounds_rounded_down(length) if down else whole.with_bounds(length)
    name = f"base {base:#x} length {length:#x} down {down}"
    assert (ctx.get(dut.exp), ctx.get(dut.base_field), ctx.get(dut.top_field)) == (want.exp, want.base, want.top), name
    if want.tag:  # otherwise the request runs past 2**32
        assert (ctx.get(dut.base), ctx.get(dut.top)) == want.bounds(), name
    if not down:
        assert ctx.get(dut.exact) == encode_bounds(base, length)[0], name
    if not down and base == 0:
        assert ctx.get(dut.top) % WORD == representable_length(length), name
        assert ctx.get(dut.below) == alignment_mask(length) ^ (WORD - 1), name


@pytest.mark.parametrize("down", [False, True], ids=["nearest", "down"])
def test_edges_of_every_exponent(simulate, rng, down):
    dut = BoundsEncoder()

    async def bench(ctx):
        for exp, base, length in edge_ranges():
            unit = 1 << exp
            nudge = rng.choice((1, unit // 2, unit - 1, unit))
            for low, more in ((0, 0), (0, 1), (0, -1), (nudge, 0), (-nudge, nudge), (1, -1)):
                await check(ctx, dut, (base + low) % WORD, (length + more) % WORD, down=down)

    simulate(dut, bench, clocked=False)


@pytest.mark.parametrize("down", [False, True], ids=["nearest", "down"])
def test_lengths_around_every_step(simulate, rng, down):
    dut = BoundsEncoder()

    async def bench(ctx):
        for exp in range(24):
            for units in (510, 511, 512):
                for more in (-1, 0, 1):
                    length = (units << exp) + more
                    if length >= WORD:
                        continue
                    await check(ctx, dut, 0, length, down=down)
                    for shift in range(0, 33, 2):
                        base = (rng.getrandbits(32) | 1) << shift & WORD - 1
                        await check(ctx, dut, base, length, down=down)

    simulate(dut, bench, clocked=False)


@pytest.mark.parametrize("down", [False, True], ids=["nearest", "down"])
def test_one_bit_below_the_unit(simulate, down):
    """A single low bit of base, top or length makes a request inexact, whichever it is."""
    dut = BoundsEncoder()

    async def bench(ctx):
        for exp in EXPONENTS:
            base, length = 0x40 << exp, (0x80 if exp == EXPONENTS[-1] else 0x180) << exp
            for bit in (1 << place for place in range(exp)):
                for low, more in ((bit, 0), (0, bit), (bit, -bit), (-bit, bit), (bit, bit)):
                    await check(ctx, dut, base + low, length + more, down=down)

    simulate(dut, bench, clocked=False)


@pytest.mark.parametrize("down", [False, True], ids=["nearest", "down"])
def test_any_request(simulate, rng, down):
    dut = BoundsEncoder()

    async def bench(ctx):
        for _ in range(4_000):
            await check(ctx, dut, *some_range(rng, 0, WORD - 1), down=down)
            await check(ctx, dut, some_word(rng), some_word(rng), down=down)

    simulate(dut, bench, clocked=False)
