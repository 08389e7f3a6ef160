"""Address decoder of the two memory ports: requests to blocks, answers back in order."""

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.bus.block import BlockSignature, ReadSignature, locate
from rtl.bus.port import LINE, MemorySignature
from rtl.config import Region

EXECUTABLE = ("ram", "rom")
READ_ONLY = ("rom",)


class Fabric(wiring.Component):
    """Joins a core's ports with the blocks of `regions` (name to addresses, none of them overlapping).

    Every request is answered in the next cycle, one per cycle. What no block takes is answered with an error:
    an address outside the map, a store to read-only memory, a fetch from anything that is not executable.
    While `hold` is high, no data request is accepted.

    Ports: for each block, `<name>`; for executable ones `fetch_<name>` also.
    """

    def __init__(self, regions: dict[str, Region]):
        self.regions = regions
        members = {"data": In(MemorySignature()), "fetch": In(MemorySignature()), "hold": In(1)}
        for name, region in regions.items():
            lines = region.size // LINE
            members[name] = Out(ReadSignature(lines) if name in READ_ONLY else BlockSignature(lines))
            if name in EXECUTABLE:
                members[f"fetch_{name}"] = Out(ReadSignature(lines))
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        m.d.comb += [self.data.ready.eq(~self.hold), self.fetch.ready.eq(1)]
        data_blocks = {name: getattr(self, name) for name in self.regions}
        fetch_blocks = {name: getattr(self, f"fetch_{name}") for name in self.regions if name in EXECUTABLE}
        self.route(m, self.data, data_blocks)
        self.route(m, self.fetch, fetch_blocks)
        return m

    def route(self, m: Module, port, blocks: dict) -> None:
        """Decode one port; the answer is chosen by registers, a cycle later."""
        accepted = port.valid & port.ready
        request, response = port.request, port.response
        answers = []  # per block: data and tag, zero if it was not asked
        error = accepted
        for name, block in blocks.items():
            inside, offset = locate(request.line, self.regions[name])
            writable = "write" in block.signature.members
            if not writable:
                inside &= ~request.write
            enable, chosen = Signal(name=f"{name}_enable"), Signal(name=f"{name}_chosen")
            m.d.comb += [enable.eq(accepted & inside), block.enable.eq(enable), block.line.eq(offset)]
            m.d.sync += chosen.eq(enable)
            error &= ~inside
            if writable:
                m.d.comb += [
                    block.write.eq(request.write),
                    block.mask.eq(request.mask),
                    block.write_data.eq(request.data),
                    block.write_tag.eq(request.tag),
                ]
            answers.append(Mux(chosen, Cat(block.read_data, block.read_tag if writable else Const(0, 1)), 0))
        nowhere = Signal()
        m.d.sync += [port.answered.eq(accepted), nowhere.eq(error)]
        m.d.comb += [Cat(response.data, response.tag).eq(reduce(or_, answers)), response.error.eq(nowhere)]
