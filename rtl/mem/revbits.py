"""The revocation bitmap: written by software, looked up by the load filter."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from rtl.bus.block import BlockSignature, locate
from rtl.bus.port import LINE, LookupSignature
from rtl.config import HeapConfig, Region

BITS = 8 * LINE


class RevocationBits(wiring.Component):
    """One bit per granule of the heap, granule 0 in bit 0 of the first byte (CHERIoT ISA, load filter).

    A lookup sees the stores of earlier cycles, not that of its own cycle. A granule outside the heap, on either
    side, is never revoked. `ready` is low after reset until all bits are clear; `bits.enable` must be low then.
    """

    def __init__(self, heap: HeapConfig):
        self.heap = heap
        self.memory = memory.Memory(shape=BITS, depth=heap.granules // BITS, init=[])
        super().__init__(
            {
                "ready": Out(1),
                "bits": In(BlockSignature(self.memory.depth)),
                "lookup": In(LookupSignature()),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.memory = self.memory
        write = self.memory.write_port(granularity=8)
        read = self.memory.read_port()
        looked_up = self.memory.read_port()  # not transparent: its cycle's store belongs to a later instruction
        clearing, cleared = Signal(init=1), Signal(range(self.memory.depth))
        m.d.comb += [
            self.ready.eq(~clearing),
            read.addr.eq(self.bits.line),
            read.en.eq(self.bits.enable),
            self.bits.read_data.eq(read.data),
        ]
        with m.If(clearing):
            m.d.comb += [write.addr.eq(cleared), write.en.eq(~0)]
            m.d.sync += cleared.eq(cleared + 1)
            with m.If(cleared == self.memory.depth - 1):
                m.d.sync += clearing.eq(0)
        with m.Else():
            m.d.comb += [
                write.addr.eq(self.bits.line),
                write.data.eq(self.bits.write_data),
                write.en.eq(Mux(self.bits.enable & self.bits.write, self.bits.mask, 0)),
            ]

        in_heap, index = locate(self.lookup.granule, Region(base=self.heap.base, size=self.heap.size))
        counts, bit_number = Signal(), Signal(range(BITS))
        m.d.comb += [
            looked_up.addr.eq(index[len(bit_number) :]),
            looked_up.en.eq(self.lookup.enable),
            self.lookup.revoked.eq(counts & looked_up.data.bit_select(bit_number, 1)),
        ]
        with m.If(self.lookup.enable):
            m.d.sync += [counts.eq(in_heap), bit_number.eq(index)]
        return m
