"""Bounds decoding in hardware, exhaustively over the edges of its fields."""

from rtl.cap.bounds import BoundsDecoder
from rtos_model.machine.capability import Cap
from tests.capabilities import MANTISSAS, bits, pattern


async def check(ctx, dut, cap):
    ctx.set(dut.cap.as_value(), bits(cap))
    assert (ctx.get(dut.base), ctx.get(dut.top)) == cap.bounds(), cap


def test_edges_of_every_exponent(simulate):
    dut = BoundsDecoder()

    async def bench(ctx):
        for exp in range(16):
            for base in MANTISSAS:
                for top in {*MANTISSAS, base - 1 & 511, base + 1 & 511}:
                    cap = Cap(exp=exp, base=base, top=top)
                    low = (1 << cap.exponent) - 1
                    for middle in {0, base - 1 & 511, base, base + 1 & 511, 511}:
                        for high in (0, -1 << cap.exponent + 9):
                            address = (high | middle << cap.exponent | (low if middle & 1 else 0)) % (1 << 32)
                            await check(ctx, dut, Cap(exp=exp, base=base, top=top, address=address))

    simulate(dut, bench, clocked=False)


def test_any_pattern(simulate, rng):
    dut = BoundsDecoder()

    async def bench(ctx):
        for _ in range(10_000):
            await check(ctx, dut, pattern(rng))

    simulate(dut, bench, clocked=False)
