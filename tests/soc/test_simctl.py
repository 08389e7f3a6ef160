"""Simulation control: every store is shown as it came, once; exit and character also by themselves."""

from rtl.soc.simctl import SimulationControl


def test_every_store_is_shown_once(simulate, rng):
    dut = SimulationControl()

    async def bench(ctx):
        for _ in range(1000):
            enable, write, tag = rng.random() < 0.8, rng.random() < 0.7, rng.random() < 0.5
            line = rng.choice([0, 1, 2, 8, rng.randrange(512)])
            mask, value = rng.choice([0x0F, 0xF0, 0xFF, 0x01]), rng.getrandbits(64)
            ctx.set(dut.port.enable, enable)
            ctx.set(dut.port.write, write)
            ctx.set(dut.port.line, line)
            ctx.set(dut.port.mask, mask)
            ctx.set(dut.port.write_data, value)
            ctx.set(dut.port.write_tag, tag)
            await ctx.tick()
            report = dut.report
            assert ctx.get(report.store_valid) == (enable and write)
            assert ctx.get(report.exit_valid) == (enable and write and line == 0 and mask & 1)
            assert ctx.get(report.character_valid) == (enable and write and line == 1 and mask >> 4 & 1)
            if enable and write:
                shown = ctx.get(report.store)
                assert (shown.line, shown.mask, shown.data, shown.tag) == (line, mask, value, tag)
                assert ctx.get(report.exit_code) == value & 0xFFFF_FFFF
                assert ctx.get(report.character) == value >> 32 & 0xFF
            elif enable:
                assert ctx.get(dut.port.read_data) == 0

    simulate(dut, bench)


def test_test_interrupts(simulate):
    dut = SimulationControl()

    async def bench(ctx):
        async def cycle(line, mask, value):
            ctx.set(dut.port.enable, 1)
            ctx.set(dut.port.write, 1)
            ctx.set(dut.port.line, line)
            ctx.set(dut.port.mask, mask)
            ctx.set(dut.port.write_data, value << 32 | 0x5555_5555)
            await ctx.tick()
            return ctx.get(dut.levels), ctx.get(dut.pulses)

        assert await cycle(3, 0xF0, 0xF100) == (0xF100, 0xF100)
        assert await cycle(3, 0x0F, 0xFFFF) == (0xF100, 0)
        assert await cycle(4, 0xF0, 0xFFFF) == (0xF100, 0)
        assert await cycle(3, 0xF0, 0x0200) == (0xF300, 0x0200)
        ctx.set(dut.claims, 0x1100)
        assert await cycle(3, 0x0F, 0xFFFF) == (0xE200, 0)
        assert await cycle(3, 0xF0, 0x0100) == (0xE300, 0x0100), "raised anew"

    simulate(dut, bench)
