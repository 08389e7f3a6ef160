"""Branch prediction: the target of a branch or jump from its bits, and whether a branch is taken.

Static rule: backward branches are taken, forward ones are not. A small table of two-bit counters, indexed by
the address, learns where that rule is wrong; it is empty (the rule is right) after power-up.
"""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from rtl.core.decoder import gather
from rtl.isa.rvc import RVC, RVC_FIELDS
from rtl.isa.table import BY_NAME, FIELDS, INSNS, Unit


class Predictor(wiring.Component):
    """Combinational from `pc` and `word` to `taken` and `target`; learns in the cycle of `learn`.

    `jump` and `branch` are what the word is, whether or not it may execute. `counter` goes along with the
    branch and comes back as `old`, with the outcome `correct` (of the static rule).
    """

    pc: In(32)
    word: In(32)
    compressed: In(1)
    jump: Out(1)
    branch: Out(1)
    target: Out(32)
    backward: Out(1)
    taken: Out(1)
    counter: Out(2)

    learn: In(1)
    learn_pc: In(32)
    old: In(2)
    correct: In(1)

    def __init__(self, entries: int):
        self.counters = memory.Memory(shape=2, depth=entries, init=[])
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        m.submodules.counters = self.counters
        read, write = self.counters.read_port(domain="comb"), self.counters.write_port()

        word, half = self.word, self.word[:16]
        jump_rows = [row for row in RVC if row.expansion == "cjal"]
        branch_rows = [row for row in RVC if row.expansion in ("beq", "bne")]
        branch_opcode = next(row for row in INSNS if row.unit is Unit.BRANCH).pattern[-7:]
        with m.If(self.compressed):
            m.d.comb += [
                self.jump.eq(half.matches(*(row.pattern for row in jump_rows))),
                self.branch.eq(half.matches(*(row.pattern for row in branch_rows))),
            ]
        with m.Else():
            m.d.comb += [
                self.jump.eq(word[:7].matches(BY_NAME["cjal"].pattern[-7:])),
                self.branch.eq(word[:7].matches(branch_opcode)),
            ]
        short = Mux(self.branch, gather(half, RVC_FIELDS["branch"]), gather(half, RVC_FIELDS["jump"]))
        long = Mux(self.branch, gather(word, FIELDS["imm_b"]), gather(word, FIELDS["imm_j"]))
        offset = Signal(21)
        m.d.comb += [
            offset.eq(Mux(self.compressed, short, long)),
            self.target.eq(self.pc + offset.as_signed()),
            self.backward.eq(offset[-1]),
            self.taken.eq(self.jump | (self.branch & (self.backward ^ self.counter[1]))),
            read.addr.eq(self.pc[1:]),
            self.counter.eq(read.data),
        ]

        up, down = self.old + (self.old != 3), self.old - (self.old != 0)
        m.d.comb += [
            write.addr.eq(self.learn_pc[1:]),
            write.data.eq(Mux(self.correct, down, up)),
            write.en.eq(self.learn),
        ]
        return m
