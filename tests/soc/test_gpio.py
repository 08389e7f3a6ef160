"""Pins: what is written comes out, what comes in is read."""

from rtl.soc.gpio import INPUT, OUTPUT, OUTPUT_ENABLE, Gpio


def test_registers_and_pins(simulate):
    dut = Gpio()

    async def bench(ctx):
        async def access(offset, write=None, mask=0xF):
            at = offset % 8
            ctx.set(dut.port.enable, 1)
            ctx.set(dut.port.line, offset // 8)
            ctx.set(dut.port.write, write is not None)
            ctx.set(dut.port.mask, mask << at)
            ctx.set(dut.port.write_data, (write or 0) << 8 * at)
            await ctx.tick()
            ctx.set(dut.port.enable, 0)
            return ctx.get(dut.port.read_data) >> 8 * at & 0xFFFF_FFFF

        ctx.set(dut.pins.input, 0xF000_0001)
        await ctx.tick().repeat(2)
        assert await access(INPUT) == 0xF000_0001
        await access(INPUT, 0)
        assert await access(INPUT) == 0xF000_0001
        for offset, pins in ((OUTPUT, dut.pins.output), (OUTPUT_ENABLE, dut.pins.output_enable)):
            await access(offset, 0x1234_5678)
            await access(offset, 0xAB00_0000, 0b1000)
            assert ctx.get(pins) == await access(offset) == 0xAB34_5678
        assert await access(0xC) == 0

    simulate(dut, bench)
