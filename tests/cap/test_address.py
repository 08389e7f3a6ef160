"""Representability in hardware: the edges of the window, and offsets."""

from rtl.cap.address import Representability
from rtos_model.machine.capability import ROOT_MEMORY
from tests.capabilities import WORD, edge_ranges, reachable, some_word


async def check(ctx, dut, cap, address):
    base, _ = cap.bounds()
    ctx.set(dut.base, base)
    ctx.set(dut.exp, cap.exp)
    ctx.set(dut.address, address)
    assert ctx.get(dut.offset) == (address - base) % (1 << 33)
    if address < WORD:
        assert ctx.get(dut.representable) == cap.with_address(address).tag, f"{cap} at {address:#x}"


def test_edges_of_every_window(simulate):
    dut = Representability()

    async def bench(ctx):
        for exp, base, length in edge_ranges():
            cap = ROOT_MEMORY.with_address(base).with_bounds(length)
            if length >> exp not in (0, 1, 511) or not cap.tag:
                continue
            base, top = cap.bounds()
            end = base + (1 << cap.exponent + 9)
            for address in {base - 1, base, top, end - 1, end, base ^ 1 << 31, 0, WORD - 1}:
                await check(ctx, dut, cap, address % WORD)

    simulate(dut, bench, clocked=False)


def test_any_address(simulate, rng):
    dut = Representability()

    async def bench(ctx):
        for _ in range(5_000):
            cap = reachable(rng)
            while cap.sealed:
                cap = reachable(rng)
            await check(ctx, dut, cap, some_word(rng))
            await check(ctx, dut, cap, (cap.address + some_word(rng)) % WORD)
            await check(ctx, dut, cap, cap.bounds()[1])

    simulate(dut, bench, clocked=False)
