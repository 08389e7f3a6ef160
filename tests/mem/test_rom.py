"""Boot ROM: contents, both ports, and an image that is too long."""

import pytest

from rtl.config import ConfigError
from rtl.mem.rom import Rom, contents


def test_contents_on_both_ports_and_zero_behind_the_image(simulate):
    image = bytes(range(1, 22))
    dut = Rom(32, image)
    padded = image.ljust(32 * 8, b"\0")

    async def bench(ctx):
        for line in range(32):
            other = 31 - line
            for port, number in ((dut.data, line), (dut.fetch, other)):
                ctx.set(port.enable, 1)
                ctx.set(port.line, number)
            await ctx.tick()
            assert ctx.get(dut.data.read_data) == int.from_bytes(padded[8 * line : 8 * line + 8], "little")
            assert ctx.get(dut.fetch.read_data) == int.from_bytes(padded[8 * other : 8 * other + 8], "little")

    simulate(dut, bench)


def test_image_that_does_not_fit():
    with pytest.raises(ConfigError, match="ROM image of 33 bytes does not fit the ROM of 32 bytes"):
        contents(bytes(33), 4)
