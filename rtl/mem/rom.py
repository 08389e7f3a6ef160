"""Boot ROM: 64-bit lines, one port for data and one for instruction fetch."""

from amaranth.hdl import Module
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In

from rtl.bus.block import ReadSignature
from rtl.bus.port import LINE
from rtl.config import ConfigError


def contents(image: bytes, lines: int) -> list[int]:
    """The image as lines (little-endian). `ConfigError` if it has more than `lines` of them."""
    if len(image) > lines * LINE:
        raise ConfigError(f"ROM image of {len(image)} bytes does not fit the ROM of {lines * LINE} bytes")
    return [int.from_bytes(image[at : at + LINE], "little") for at in range(0, len(image), LINE)]


class Rom(wiring.Component):
    """`image` is the contents from the first byte on; the rest reads zero."""

    def __init__(self, lines: int, image: bytes):
        self.memory = memory.Memory(shape=8 * LINE, depth=lines, init=contents(image, lines))
        super().__init__({"data": In(ReadSignature(lines)), "fetch": In(ReadSignature(lines))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.memory = self.memory
        for port in (self.data, self.fetch):
            read = self.memory.read_port()
            m.d.comb += [read.en.eq(1), read.addr.eq(port.line), port.read_data.eq(read.data)]
        return m
