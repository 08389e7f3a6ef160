"""Main memory: 64-bit lines and a tag for each, one port for data and one for instruction fetch."""

from amaranth.hdl import Module, Mux
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from rtl.bus.block import BlockSignature, ReadSignature
from rtl.bus.port import LINE
from rtl.mem.tags import Tags


class Sram(wiring.Component):
    """Both ports take a request per cycle. A fetch in the cycle of a write to its line reads the new bytes.

    A write stores its tag, so one that carries no capability clears the tag of the line. `ready` is low after
    reset until all tags are clear; `data.enable` must be low then.
    """

    def __init__(self, lines: int):
        self.memory = memory.Memory(shape=8 * LINE, depth=lines, init=[])
        self.tags = Tags(lines)
        super().__init__(
            {"ready": Out(1), "data": In(BlockSignature(lines)), "fetch": In(ReadSignature(lines))},
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.memory = self.memory
        m.submodules.tags = self.tags
        # Both read ports transparent: otherwise Yosys builds a second copy of the memory for the fetch port.
        write = self.memory.write_port(granularity=8)
        read = self.memory.read_port(transparent_for=[write])
        fetch = self.memory.read_port(transparent_for=[write])
        m.d.comb += [
            write.addr.eq(self.data.line),
            write.data.eq(self.data.write_data),
            write.en.eq(Mux(self.data.enable & self.data.write, self.data.mask, 0)),
            # Reads are always on: block RAMs are far apart, and their enables would wait for the address decoder
            read.addr.eq(self.data.line),
            read.en.eq(1),
            self.data.read_data.eq(read.data),
            self.tags.enable.eq(self.data.enable),
            self.tags.line.eq(self.data.line),
            self.tags.write.eq(self.data.write),
            self.tags.value.eq(self.data.write_tag),
            self.data.read_tag.eq(self.tags.read),
            self.ready.eq(self.tags.ready),
            fetch.addr.eq(self.fetch.line),
            fetch.en.eq(1),
            self.fetch.read_data.eq(fetch.data),
        ]
        return m
