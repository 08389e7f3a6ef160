"""The stack zeroiser: stores zeros downwards, line by line, in the cycles that the core leaves of its data port.

Source: CHERIoT ISA, "Stack zeroiser" (with DEC-R5). Its one register, ZTOPC, is special capability register 27.

A write of an unsealed, tagged capability that permits to store, whose base and address are multiples of 8 and whose
address lies above its base (and not above its top) starts: the 8 bytes below the address become zero and untagged,
then those below them, down to the base. Any write ends what was going on before. What is written is what is read
back, except: while zeroing goes on, the address is that of the lowest line already zeroed; at the end it is the base,
and the tag is gone; a capability of the kind that starts whose address is its base is nothing to zero, and loses its
tag at once. A store that the bus refuses ends the zeroing: the tag is gone, and an address other than the base tells.

Loads and stores of the core that reach a line between base and address wait, so a program never sees a part done.
Interrupts and traps change nothing. The stack high-water mark does not see these stores; the revoker does.
"""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.bus.port import LINE, MemorySignature
from rtl.cap.layout import Expanded
from rtl.cap.perms import grants

OFFSET_BITS = (LINE - 1).bit_length()
LINE_BITS = 32 - OFFSET_BITS


class ZeroingSignature(wiring.Signature):
    """For those who watch: `step` is high in the cycle in which the zeros for a line are accepted."""

    def __init__(self):
        super().__init__({"step": Out(1), "line": Out(LINE_BITS)})


class Zeroiser(wiring.Component):
    """Sits between the core's data port (`core`) and the bus, and has its requests wait for all of the core's.

    `stop`: no new store in this cycle; `busy`: one is under way. ZTOPC is read and written while one is high and the
    other low. `stored` is what a write of `wdata` leaves. `keep` high means that the core's next request belongs to
    its last one. `covers` tells of the core's request, and the line behind it if it `splits`, that it must wait.
    """

    core: In(MemorySignature())
    bus: Out(MemorySignature())
    write: In(1)
    wdata: In(Expanded)
    stored: Out(Expanded)
    ztopc: Out(Expanded)
    stop: In(1)
    busy: Out(1)
    keep: In(1)
    splits: In(1)
    covers: Out(1)
    record: Out(ZeroingSignature())

    def __init__(self):
        self.running = Signal()
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        core, bus, record, ztopc, wdata = self.core, self.bus, self.record, self.ztopc, self.wdata
        running = self.running
        base, pointer, following = Signal(LINE_BITS), Signal(LINE_BITS), Signal(LINE_BITS)
        m.d.comb += [
            base.eq(ztopc.base[OFFSET_BITS:]),
            pointer.eq(ztopc.cap.address[OFFSET_BITS:]),
            following.eq(pointer - 1),
            self.covers.eq(running & (core.request.line < pointer) & (core.request.line + self.splits >= base)),
        ]

        # The port: whose request is under way, if any
        waiting, ours = Signal(), Signal()
        free, accepted, refused, step = Signal(), Signal(), Signal(), Signal()
        m.d.comb += [
            self.busy.eq(waiting & ours),
            free.eq(~waiting | bus.answered),
            refused.eq(self.busy & bus.answered & bus.response.error),
            accepted.eq(bus.valid & bus.ready),
            bus.request.eq(core.request),
            core.response.eq(bus.response),
            core.answered.eq(bus.answered & ~ours),
        ]
        with m.If(core.valid):
            m.d.comb += [bus.valid.eq(~self.busy | bus.answered), core.ready.eq(accepted)]
        with m.Else():
            m.d.comb += [
                bus.valid.eq(running & ~self.stop & ~self.keep & free & ~refused),
                bus.request.line.eq(following),
                bus.request.write.eq(1),
                bus.request.mask.eq(~0),
                bus.request.data.eq(0),
                bus.request.tag.eq(0),
                step.eq(accepted),
            ]
        with m.If(accepted):
            m.d.sync += [waiting.eq(1), ours.eq(~core.valid)]
        with m.Elif(bus.answered):
            m.d.sync += waiting.eq(0)
        m.d.comb += [record.step.eq(step), record.line.eq(following)]

        # ZTOPC
        wanted, fits, begins = wdata.cap, Signal(), Signal()
        m.d.comb += [
            fits.eq(
                wanted.tag
                & ~wanted.sealed()
                & grants(wanted.meta.perms, "SD")
                & ~wdata.base[:OFFSET_BITS].any()
                & ~wanted.address[:OFFSET_BITS].any()
                & (wanted.address <= wdata.top)
            ),
            begins.eq(fits & (wanted.address > wdata.base)),
            self.stored.eq(wdata),
        ]
        with m.If(fits & (wanted.address == wdata.base)):
            m.d.comb += self.stored.cap.tag.eq(0)
        with m.If(step | refused):  # a line that was refused has not been zeroed
            m.d.sync += ztopc.cap.address[OFFSET_BITS:].eq(pointer + Mux(refused, 1, -1))
            with m.If(refused | (following == base)):
                m.d.sync += [running.eq(0), ztopc.cap.tag.eq(0)]
        with m.If(self.write):
            m.d.sync += [ztopc.eq(self.stored), running.eq(begins)]
        return m
