"""The commit port: one record per retired instruction or trap, assembled in the write-back stage.

The fields and their meaning are those of `rtl.isa.commit`; this stage's trap state is still what the trap
wrote, because the handler's first instruction executes later.
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.cap.layout import Cap
from rtl.core.control import Size, ToWriteback, Trace
from rtl.core.csrfile import CsrFile
from rtl.core.scrfile import SpecialRegisters
from rtl.isa.commit import WORDS
from rtl.isa.trap import Cause

WORD = 64
COMMIT_BITS = WORD * len(WORDS)


class Retire(wiring.Component):
    """`commit` holds the words of the record, the first one lowest, in a cycle where `commit_valid` is high."""

    valid: In(1)
    entry: In(ToWriteback)
    trace: In(Trace)
    value: In(Cap)  # as written to the register
    commit_valid: Out(1)
    commit: Out(COMMIT_BITS)

    def __init__(self, csrs: CsrFile, scrs: SpecialRegisters):
        self.csrs = csrs
        self.scrs = scrs
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        w, t, csrs, scrs = self.entry, self.trace, self.csrs, self.scrs
        fields = {name: Signal(width, name=name) for word in WORDS for name, width in word}

        def put(prefix, cap, condition):
            with m.If(condition):
                m.d.comb += [
                    fields[f"{prefix}_address"].eq(cap.address),
                    fields[f"{prefix}_meta"].eq(cap.meta),
                    fields[f"{prefix}_tag"].eq(cap.tag),
                ]

        m.d.comb += [
            fields["clock"].eq(t.clock),
            fields["trap"].eq(w.trapped),
            fields["interrupt"].eq(t.interrupt),
            fields["compressed"].eq(t.compressed),
            fields["mip"].eq(t.mip),
            fields["pc"].eq(w.pc),
            fields["insn"].eq(t.insn),
            fields["next_pc"].eq(Mux(w.trapped, scrs.mtcc.cap.address, t.next_pc)),
            fields["mshwm"].eq(w.mshwm),
            fields["mie"].eq(Mux(w.bus_fault, csrs.mie, w.mie)),
            fields["mpie"].eq(Mux(w.bus_fault, csrs.mpie, w.mpie)),
            fields["rd"].eq(w.rd),
        ]
        put("rd", self.value, w.rd != 0)
        with m.If(~w.trapped):
            m.d.comb += [
                fields["rs1"].eq(t.rs1),
                fields["rs2"].eq(t.rs2),
                fields["csr"].eq(t.csr),
                fields["csr_write"].eq(t.csr_write),
                fields["csr_wdata"].eq(t.csr_wdata),
                fields["scr"].eq(t.scr),
                fields["scr_write"].eq(t.scr_write),
            ]
            put("rs1", t.a, t.rs1 != 0)
            put("rs2", t.b, t.rs2 != 0)
            put("scr", t.scr_value, t.scr_write)
        with m.Else():
            m.d.comb += [
                fields["cause"].eq(csrs.mcause),
                fields["mtval"].eq(csrs.trap_value),
                fields["mepcc_meta"].eq(scrs.mepcc.cap.meta),
                fields["mepcc_tag"].eq(scrs.mepcc.cap.tag),
            ]
        with m.If(w.trapped | t.pcc_write):
            m.d.comb += [
                fields["pcc_write"].eq(1),
                fields["pcc_meta"].eq(scrs.pcc.cap.meta),
                fields["pcc_tag"].eq(scrs.pcc.cap.tag),
            ]
            with m.If(scrs.pcc.cap.tag):
                m.d.comb += [fields["pcc_base"].eq(scrs.pcc.base), fields["pcc_top"].eq(scrs.pcc.top)]

        # Memory: a store that faults in its second line has written its first
        with m.If(~w.trapped & (w.load | w.store)):
            m.d.comb += fields["mem_address"].eq(w.address)
        with m.If(w.trapped & ((csrs.mcause == Cause.LOAD_ACCESS) | (csrs.mcause == Cause.STORE_ACCESS))):
            m.d.comb += fields["mem_address"].eq(csrs.trap_value)
        reads = w.load & ~w.trapped
        written = Signal(8)
        m.d.comb += written.eq(Mux(w.bus_fault, t.wmask & ((1 << t.first_bytes) - 1), t.wmask))
        with m.If(w.store):
            m.d.comb += [fields["mem_wmask"].eq(written), fields["mem_wtag"].eq(t.wtag & ~w.bus_fault)]
            for lane in range(8):
                with m.If(written[lane]):
                    m.d.comb += fields["mem_wdata"].word_select(lane, 8).eq(t.wdata.word_select(lane, 8))
        with m.If(reads):
            with m.Switch(w.size):
                for size in Size:
                    with m.Case(size):
                        count = 1 << size.value
                        m.d.comb += [
                            fields["mem_rmask"].eq((1 << count) - 1),
                            fields["mem_rdata"].eq(w.rdata[: 8 * count]),
                            fields["mem_rtag"].eq(w.rtag),
                        ]

        words = []
        for word in WORDS:
            bits = Cat(*(fields[name] for name, _ in word))
            words.append(Cat(bits, Const(0, WORD - len(bits))))
        m.d.comb += [self.commit_valid.eq(self.valid), self.commit.eq(Cat(*words))]
        return m
