"""The revocation bitmap against the rule of the ISA document, at both ends and across resets."""

import pytest
from amaranth.hdl import ResetInserter, Signal

from rtl.config import KIB, HeapConfig
from rtl.mem.revbits import RevocationBits

HEAPS = (
    HeapConfig(base=0x2004_0000, size=16 * KIB, bitmap=0x200F_E000),
    HeapConfig(base=0x2004_0000, size=48 * KIB, bitmap=0x200F_E000),  # aligned, not a power of two
    HeapConfig(base=0x8000_0000, size=256 * KIB, bitmap=0x8300_0000),
    HeapConfig(base=0, size=512 * KIB, bitmap=0x8300_0000),
    HeapConfig(base=0x1_0040, size=37 * 512, bitmap=0x8300_0000),
    HeapConfig(base=(1 << 32) - 64 * KIB, size=64 * KIB, bitmap=0x8300_0000),
)


def revoked(heap, bitmap, granule):
    """The rule, from its words: (base - heap base) / 8 is the number of the bit, nothing outside is revoked."""
    index = granule - heap.base // 8
    return 0 <= index < heap.size // 8 and bool(bitmap[index // 8] >> index % 8 & 1)


async def ready(ctx, dut):
    cycles = 0
    while not ctx.get(dut.ready):
        await ctx.tick()
        cycles += 1
    return cycles


async def store(ctx, dut, line, data, mask=0xFF):
    ctx.set(dut.bits.enable, 1)
    ctx.set(dut.bits.write, 1)
    ctx.set(dut.bits.line, line)
    ctx.set(dut.bits.write_data, data)
    ctx.set(dut.bits.mask, mask)
    await ctx.tick()
    ctx.set(dut.bits.enable, 0)


async def lookup(ctx, dut, granule):
    ctx.set(dut.lookup.enable, 1)
    ctx.set(dut.lookup.granule, granule)
    await ctx.tick()
    ctx.set(dut.lookup.enable, 0)
    return ctx.get(dut.lookup.revoked)


@pytest.mark.parametrize("heap", HEAPS, ids=lambda heap: f"{heap.base:x}+{heap.size:x}")
def test_range_is_exact_at_both_ends(simulate, heap):
    """With every bit set, exactly the granules of the heap are revoked."""
    dut = RevocationBits(heap)
    first, count, everywhere = heap.base // 8, heap.size // 8, 1 << 29
    lines = heap.bitmap_bytes // 8

    async def bench(ctx):
        assert await ready(ctx, dut) == lines
        for line in range(lines):
            await store(ctx, dut, line, (1 << 64) - 1)
        probes = {first, first + 1, first + count // 2, first + count - 1}
        probes |= {first - distance for distance in (1, 2, 32, 64, 256, count)}
        probes |= {first + count + distance for distance in (0, 1, 31, 32, 63, 64, 255, count)}
        probes |= {first ^ 1 << bit for bit in range(29)} | {0, everywhere - 1}
        for granule in sorted(probe % everywhere for probe in probes):
            assert await lookup(ctx, dut, granule) == (first <= granule < first + count), hex(granule * 8)

    simulate(dut, bench)


def test_random_stores_and_lookups(simulate, rng):
    heap = HeapConfig(base=0x1_0040, size=16 * KIB, bitmap=0x8300_0000)
    dut = RevocationBits(heap)
    bitmap = bytearray(heap.bitmap_bytes)

    async def bench(ctx):
        await ready(ctx, dut)
        verdict = False
        for _ in range(5000):
            line = rng.choice([rng.randrange(2), len(bitmap) // 8 - 1, rng.randrange(len(bitmap) // 8)])
            access, write, look = rng.random() < 0.7, rng.random() < 0.5, rng.random() < 0.7
            mask = rng.choice([0xFF, 0x0F, 0xF0, 1 << rng.randrange(8)])
            data = rng.getrandbits(64) & rng.getrandbits(64)
            granule = heap.base // 8 + 64 * line + rng.randrange(-8, 72)
            ctx.set(dut.bits.enable, access)
            ctx.set(dut.bits.write, write)
            ctx.set(dut.bits.line, line)
            ctx.set(dut.bits.mask, mask)
            ctx.set(dut.bits.write_data, data)
            ctx.set(dut.lookup.enable, look)
            ctx.set(dut.lookup.granule, granule)
            if look:  # before the store of the same cycle
                verdict = revoked(heap, bitmap, granule)
            readable = int.from_bytes(bitmap[8 * line : 8 * line + 8], "little")
            if access and write:
                for i in range(8):
                    if mask >> i & 1:
                        bitmap[8 * line + i] = data >> 8 * i & 0xFF
            await ctx.tick()
            if access and not write:
                assert ctx.get(dut.bits.read_data) == readable
            assert ctx.get(dut.lookup.revoked) == verdict  # holds until the next lookup

    simulate(dut, bench)


def test_bits_are_zero_after_a_warm_reset(simulate):
    inner = RevocationBits(HEAPS[0])
    reset = Signal()

    async def bench(ctx):
        lines = HEAPS[0].bitmap_bytes // 8
        await ready(ctx, inner)
        for line in range(lines):
            await store(ctx, inner, line, (1 << 64) - 1)
        assert await lookup(ctx, inner, HEAPS[0].base // 8)
        ctx.set(reset, 1)
        await ctx.tick()
        ctx.set(reset, 0)
        assert await ready(ctx, inner) == lines
        for line in range(lines):
            ctx.set(inner.bits.write, 0)
            ctx.set(inner.bits.enable, 1)
            ctx.set(inner.bits.line, line)
            await ctx.tick()
            assert ctx.get(inner.bits.read_data) == 0
        assert not await lookup(ctx, inner, HEAPS[0].base // 8)

    simulate(ResetInserter(reset)(inner), bench)
