"""Special capability registers and PCC: read, write with legalisation, trap entry, return, jump.

Source: CHERIoT ISA, CSpecialRW, CJALR, MRET and exceptions.
"""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.cap.layout import ROOT_MEMORY, ROOT_SEALING, Expanded, root_executable
from rtl.cap.perms import grants
from rtl.core.zeroiser import Zeroiser
from rtl.isa.csr import SCRS, ZTOPC


class SpecialRegisters(wiring.Component):
    """Reads are combinational; everything else takes effect in the next cycle.

    PCC keeps the bounds it was installed with; its address is the pipeline's business, and `pcc.cap.address`
    is undefined. Of trap, mret, jump and write at most one happens in a cycle. ZTOPC exists with a `zeroiser`, which
    keeps it.
    """

    def __init__(self, mtcc_reset: int = 0, mepcc_reset: int = 0, zeroiser: Zeroiser | None = None):
        self.zeroiser = zeroiser
        self.reset = {
            "mtcc": root_executable(mtcc_reset),
            "mtdc": ROOT_MEMORY,
            "mscratchc": ROOT_SEALING,
            "mepcc": root_executable(mepcc_reset),
        }
        super().__init__(
            {
                "number": In(5),
                "exists": Out(1),
                "rdata": Out(Expanded),
                "write": In(1),
                "wdata": In(Expanded),
                "trap": In(1),
                "epcc": In(Expanded),
                "mret": In(1),
                "jump": In(1),
                "target": In(Expanded),
                "pcc": Out(Expanded, init=root_executable()),
                "mtcc": Out(Expanded, init=self.reset["mtcc"]),
                "mepcc": Out(Expanded, init=self.reset["mepcc"]),
                "stored": Out(Expanded),
            }
        )

    def elaborate(self, platform):
        m = Module()
        registers = {
            "mtcc": self.mtcc,
            "mtdc": Signal(Expanded, name="mtdc", init=self.reset["mtdc"]),
            "mscratchc": Signal(Expanded, name="mscratchc", init=self.reset["mscratchc"]),
            "mepcc": self.mepcc,
        }
        aligned = {"mtcc": 2, "mepcc": 1}  # low address bits that must be zero
        with m.Switch(self.number):
            for name, register in registers.items():
                with m.Case(SCRS[name]):
                    m.d.comb += [self.exists.eq(1), self.rdata.eq(register), self.stored.eq(self.wdata)]
                    if name in aligned:
                        low = self.wdata.cap.address[: aligned[name]]
                        unfit = low.any() | self.wdata.cap.sealed() | ~grants(self.wdata.cap.meta.perms, "EX")
                        m.d.comb += [
                            self.stored.cap.tag.eq(self.wdata.cap.tag & ~unfit),
                            self.stored.cap.address[: aligned[name]].eq(0),
                        ]
                    with m.If(self.write):
                        m.d.sync += register.eq(self.stored)
            if self.zeroiser:
                with m.Case(SCRS[ZTOPC]):
                    m.d.comb += [
                        self.exists.eq(1),
                        self.rdata.eq(self.zeroiser.ztopc),
                        self.stored.eq(self.zeroiser.stored),
                        self.zeroiser.write.eq(self.write),
                    ]
        if self.zeroiser:
            m.d.comb += self.zeroiser.wdata.eq(self.wdata)
        with m.If(self.trap):
            m.d.sync += [self.mepcc.eq(self.epcc), self.pcc.eq(self.mtcc)]
        with m.Elif(self.mret):
            m.d.sync += self.pcc.eq(self.mepcc)
        with m.Elif(self.jump):
            m.d.sync += [self.pcc.eq(self.target), self.pcc.cap.meta.otype.eq(0)]
        return m
