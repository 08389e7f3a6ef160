"""The tags of a memory: one bit per line, all of them zero after every reset."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

TAGS_PER_WORD = 32
"""Tags stored side by side. Block RAM cannot write single bits of a wide word, so a write takes two cycles inside
(read, then put back with one bit changed); in exchange clearing takes one cycle per word instead of per tag."""


class Tags(wiring.Component):
    """One read or write per cycle; a read sees every earlier write, and `read` answers in the next cycle.

    After reset `ready` stays low for one cycle per word, while the tags are cleared; `enable` must be low then.
    """

    def __init__(self, lines: int):
        words = -(-lines // TAGS_PER_WORD)
        self.memory = memory.Memory(shape=TAGS_PER_WORD, depth=words, init=[])
        super().__init__(
            {
                "ready": Out(1),
                "enable": In(1),
                "line": In(range(lines)),
                "write": In(1),
                "value": In(1),
                "read": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.memory = self.memory
        port = self.memory.write_port()
        old = self.memory.read_port(transparent_for=[port])
        bit_number = Signal(range(TAGS_PER_WORD))
        word = Signal(range(self.memory.depth))
        writing, value = Signal(), Signal()
        clearing = Signal(init=1)

        m.d.comb += [
            self.ready.eq(~clearing),
            old.en.eq(1),
            old.addr.eq(self.line >> len(bit_number)),
            self.read.eq(old.data.bit_select(bit_number, 1)),
            port.en.eq(clearing | writing),
            port.addr.eq(word),
        ]
        m.d.sync += [writing.eq(self.enable & self.write), value.eq(self.value)]
        with m.If(clearing):
            m.d.sync += word.eq(word + 1)
            with m.If(word == self.memory.depth - 1):
                m.d.sync += clearing.eq(0)
        with m.Else():
            m.d.sync += Cat(bit_number, word).eq(self.line)
            changed = (Mux(bit_number == n, value, old.data[n]) for n in range(TAGS_PER_WORD))
            m.d.comb += port.data.eq(Cat(changed))
        return m
