"""The memory stage: waits for the response of a load or store, and makes a register value of what was read."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.bus.port import LookupSignature, Response
from rtl.cap.attenuate import Attenuator
from rtl.cap.bounds import BoundsDecoder
from rtl.cap.layout import Cap
from rtl.core.control import Size, ToMemory, ToWriteback
from rtl.core.csrfile import CsrFile
from rtl.core.loadstore import LoadAligner


class MemoryStage(wiring.Component):
    """`done`: the instruction leaves in this cycle, with `fault` if the bus refused its access.

    The base of a loaded capability is looked up in the revocation bitmap as it leaves; the verdict comes one
    cycle later (`result.filtered`). The bounds decoder is lent to the execute stage when no load needs it.
    """

    enter: In(1)
    entry: In(ToMemory)
    valid: Out(1)
    done: Out(1)
    fault: Out(1)
    load: Out(1)
    rd: Out(4)
    x: Out(ToMemory)
    result: Out(ToWriteback)
    first: In(64)
    answered: In(1)
    response: In(Response)
    lookup: Out(LookupSignature())

    expand: In(Cap)
    decoder_free: Out(1)
    base: Out(32)
    top: Out(33)

    def __init__(self, csrs: CsrFile):
        self.csrs = csrs
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        m.submodules.aligner = aligner = LoadAligner()
        m.submodules.attenuator = attenuator = Attenuator()
        m.submodules.bounds = bounds = BoundsDecoder()
        x, out, csrs = self.x, self.result, self.csrs
        accesses = x.load | x.store
        m.d.comb += [
            self.done.eq(self.valid & (~accesses | self.answered)),
            self.fault.eq(self.valid & accesses & self.answered & self.response.error),
            self.load.eq(x.load),
            self.rd.eq(x.rd),
        ]
        with m.If(self.enter):
            m.d.sync += [self.valid.eq(1), x.eq(self.entry)]
        with m.Elif(self.done):
            m.d.sync += self.valid.eq(0)

        loaded = Signal(Cap)
        m.d.comb += [
            aligner.offset.eq(x.address),
            aligner.size.eq(x.size),
            aligner.signed.eq(x.signed),
            aligner.split.eq(x.split),
            aligner.first.eq(self.first),
            aligner.last.eq(self.response.data),
            loaded.eq(Cat(self.response.data, self.response.tag)),
            attenuator.loaded.eq(loaded),
            attenuator.keep_tag.eq(x.permissions.MC),
            attenuator.keep_global.eq(x.permissions.LG),
            attenuator.keep_mutable.eq(x.permissions.LM),
            bounds.cap.eq(Mux(self.valid & x.load, loaded, self.expand)),
            self.decoder_free.eq(~(self.valid & x.load)),
            self.base.eq(bounds.base),
            self.top.eq(bounds.top),
        ]
        m.d.comb += [
            out.pc.eq(x.pc),
            out.trapped.eq(x.trapped | self.fault),
            out.bus_fault.eq(self.fault),
            out.rd.eq(Mux(self.fault, 0, x.rd)),
            out.value.eq(x.value),
            out.load.eq(x.load),
            out.store.eq(x.store),
            out.size.eq(x.size),
            out.address.eq(x.address),
            out.rdata.eq(aligner.bytes),
            out.mie.eq(csrs.mie),
            out.mpie.eq(csrs.mpie),
            out.mshwm.eq(csrs.mshwm_next),
            csrs.store.eq(self.valid & x.store & self.answered & ~self.response.error),
            csrs.store_address.eq(x.address),
            csrs.retire.eq(self.done & ~self.fault & x.counts),
            self.lookup.granule.eq(bounds.base[3:]),
        ]
        with m.If(x.load):
            with m.If(x.size == Size.CAP):
                m.d.comb += [
                    out.value.cap.eq(attenuator.result),
                    out.value.base.eq(bounds.base),
                    out.value.top.eq(bounds.top),
                    out.rdata.eq(self.response.data),
                    out.rtag.eq(self.response.tag),
                    self.lookup.enable.eq(self.done & ~self.fault),
                    out.filtered.eq(attenuator.filtered),
                ]
            with m.Else():
                m.d.comb += out.value.eq(0)
                m.d.comb += out.value.cap.address.eq(aligner.value)
        return m
