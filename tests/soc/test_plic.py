"""The interrupt controller against the golden one, access by access."""

import pytest

from rtl.soc.plic import CLAIM, ENABLE, PENDING, SOURCES, THRESHOLD, Plic
from rtos_model.machine.devices.plic import Plic as Golden


class Bench:
    """The circuit and the golden device side by side, a cycle at a time."""

    def __init__(self, ctx, dut):
        self.ctx, self.dut = ctx, dut
        self.golden = Golden()
        self.levels = 0

    async def cycle(self, *, levels=None, pulses=0, read=None, write=None, mask=0xF):
        """`read` and `write` are offsets, `write` with its value; returns what was read."""
        ctx, dut, golden = self.ctx, self.dut, self.golden
        if levels is not None:
            self.levels = levels
        for source in range(1, SOURCES):
            golden.set_level(source, bool(self.levels >> source & 1))
            if pulses >> source & 1:
                golden.pulse(source)
        interrupt = golden.interrupt
        ctx.set(dut.levels, self.levels)
        ctx.set(dut.pulses, pulses)
        offset, value = (read, 0) if read is not None else write or (0, 0)
        at = offset % 8
        ctx.set(dut.port.enable, read is not None or write is not None)
        ctx.set(dut.port.write, write is not None)
        ctx.set(dut.port.line, offset // 8)
        ctx.set(dut.port.mask, mask << at)
        ctx.set(dut.port.write_data, value << 8 * at)
        await ctx.tick()
        assert ctx.get(dut.interrupt) == interrupt
        if write is not None:
            bits = sum(0xFF << 8 * byte for byte in range(4) if mask >> byte & 1)
            golden.write(offset, value & bits, bits)
        if read is not None:
            found = ctx.get(dut.port.read_data) >> 8 * at & 0xFFFF_FFFF
            assert found == golden.read(offset), f"{offset:#x}"
            return found


def play(simulate, body, dut=None):
    dut = dut or Plic()

    async def bench(ctx):
        await body(Bench(ctx, dut))

    simulate(dut, bench)


async def set_up(bench, **priorities):
    """Enable sources, named s1, s2 ..., with these priorities."""
    for name, priority in priorities.items():
        await bench.cycle(write=(4 * int(name[1:]), priority))
    await bench.cycle(write=(ENABLE, sum(1 << int(name[1:]) for name in priorities)))


def test_pulse_is_kept_until_claimed(simulate):
    async def body(bench):
        await set_up(bench, s1=2)
        await bench.cycle(pulses=1 << 1)
        for _ in range(3):
            await bench.cycle()
            assert bench.ctx.get(bench.dut.interrupt)
        assert await bench.cycle(read=CLAIM) == 1
        assert await bench.cycle(read=CLAIM) == 0
        assert not bench.ctx.get(bench.dut.interrupt)
        await bench.cycle(pulses=1 << 1)  # arrives while the first is being served
        assert await bench.cycle(read=CLAIM) == 0
        await bench.cycle(write=(CLAIM, 1))
        assert await bench.cycle(read=CLAIM) == 1

    play(simulate, body)


def test_pulse_in_the_cycle_of_the_claim(simulate):
    async def body(bench):
        await set_up(bench, s1=2)
        assert await bench.cycle(read=CLAIM, pulses=1 << 1) == 1
        await bench.cycle(write=(CLAIM, 1))
        assert await bench.cycle(read=CLAIM) == 0

    play(simulate, body)


def test_level_asks_again_after_completion(simulate):
    async def body(bench):
        await set_up(bench, s2=1)
        assert await bench.cycle(read=CLAIM, levels=1 << 2) == 2
        assert await bench.cycle(read=PENDING) == 0
        await bench.cycle(write=(CLAIM, 2))
        assert await bench.cycle(read=CLAIM) == 2
        await bench.cycle(levels=0)
        await bench.cycle(write=(CLAIM, 2))
        assert await bench.cycle(read=CLAIM) == 0

    play(simulate, body)


def test_priority_then_lowest_number(simulate):
    async def body(bench):
        await set_up(bench, s3=4, s9=5, s10=5, s12=0)
        await bench.cycle(pulses=1 << 3 | 1 << 9 | 1 << 10 | 1 << 12)
        assert [await bench.cycle(read=CLAIM) for _ in range(4)] == [9, 10, 3, 0]

    play(simulate, body)


@pytest.mark.parametrize(("threshold", "interrupt"), [(4, True), (5, False)])
def test_threshold_masks_the_line_but_not_the_claim(simulate, threshold, interrupt):
    async def body(bench):
        await set_up(bench, s3=5)
        await bench.cycle(write=(THRESHOLD, threshold))
        await bench.cycle(pulses=1 << 3)
        await bench.cycle()
        assert bench.ctx.get(bench.dut.interrupt) == interrupt
        assert await bench.cycle(read=CLAIM) == 3

    play(simulate, body)


def test_random_accesses(simulate, rng):
    offsets = [4 * n for n in range(SOURCES)] + [PENDING, ENABLE, THRESHOLD, 0x2004, 0x1004, 0x20_0008]

    async def body(bench):
        for _ in range(4000):
            options = {}
            if rng.random() < 0.2:
                options["pulses"] = rng.getrandbits(SOURCES) & rng.getrandbits(SOURCES) & rng.getrandbits(SOURCES)
            if rng.random() < 0.1:
                options["levels"] = rng.getrandbits(SOURCES) & rng.getrandbits(SOURCES)
            what = rng.random()
            if what < 0.3:
                options["read"] = rng.choice([CLAIM, CLAIM, rng.choice(offsets)])
            elif what < 0.6:
                value = rng.choice([rng.getrandbits(32), rng.randrange(40)])
                options |= {"write": (rng.choice([CLAIM, CLAIM, rng.choice(offsets)]), value)}
                options["mask"] = rng.choice([0xF, 0xF, 0xF, rng.randrange(1, 16)])
            await bench.cycle(**options)

    play(simulate, body)
