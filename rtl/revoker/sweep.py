"""The engine of the background revoker: walks a range of memory and clears the tags of stale capabilities.

Source: CHERIoT ISA, revocation (with DEC-R1 to DEC-R4). Every granule is decided at one instant:

- One that is left alone, in the cycle in which its read is accepted: memory is the sweep's alone in that cycle, and
  the lookup that follows shows the bitmap as it was then.
- A stale one, in the cycle in which its clearing is accepted, if nobody has stored to the granule or to the bitmap
  since it was read. Otherwise the sweep reads it again, and keeps the port until it is decided.

So no store is ever lost: clearing touches nothing but the tag, and only one that was stale up to that moment.
"""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from rtl.bus.port import LookupSignature, MemorySignature
from rtl.cap.bounds import BoundsDecoder
from rtl.cap.layout import Cap
from rtl.cap.perms import type_authority
from rtl.isa.capfmt import GRANULE

PATIENCE = 12
"""Cycles for which a request gives way: a port that is never free loses one cycle in 13. A granule is decided within
2 * PATIENCE + 8 = 32 cycles, whatever the core does."""
RECORD_LAG = 2
"""A step is shown this many cycles after the one in which it was decided."""
GRANULE_BITS = 29
OFFSET_BITS = (GRANULE - 1).bit_length()


class Visit(data.Struct):
    """A granule under way: read or `cleared`; `touched` if it or the bitmap was stored to since."""

    granule: GRANULE_BITS
    cleared: 1
    touched: 1


class ControlSignature(wiring.Signature):
    """Seen from the registers.

    `go` starts a sweep of [`start`, `end`) unless one is running. `epoch` has the number of complete sweeps in its
    upper 31 bits and "running" in bit 0. `finished` is high in the cycle before it becomes even, or remains so
    because the range is empty. `failed`: the bus has refused a granule of the last sweep.
    """

    def __init__(self):
        super().__init__(
            {"go": Out(1), "start": Out(32), "end": Out(32), "epoch": In(32), "finished": In(1), "failed": In(1)}
        )


class RecordSignature(wiring.Signature):
    """What a sweep does, for those who watch: `step` is high once for every granule, in ascending order.

    The granule was left as it was, or `cleared`, RECORD_LAG cycles ago. `finished` is that of the control port.
    """

    def __init__(self):
        super().__init__({"step": Out(1), "granule": Out(GRANULE_BITS), "cleared": Out(1), "finished": Out(1)})


class Sweep(wiring.Component):
    """One granule per accepted request; stale ones take two. Granules that the bus refuses are passed over.

    The bus must answer every request in the next cycle; in that cycle `lookup` is used, and `denied` tells that
    somebody else's lookup came first. `hold` asks for the bus whoever else wants it. `store` and `store_line` tell
    of each store of others as it is accepted, `repaint` of each to the bitmap.
    """

    control: In(ControlSignature())
    bus: Out(MemorySignature())
    hold: Out(1)
    store: In(1)
    store_line: In(GRANULE_BITS)
    lookup: Out(LookupSignature())
    denied: In(1)
    repaint: In(1)
    record: Out(RecordSignature())

    def __init__(self, patience: int = PATIENCE):
        self.patience = patience
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        m.submodules.bounds = bounds = BoundsDecoder()
        bus, lookup, control, record = self.bus, self.lookup, self.control, self.record
        running = control.epoch[0]
        cursor, stop = Signal(GRANULE_BITS + 1), Signal(GRANULE_BITS + 1)
        clearing = Signal()  # the granule at the cursor is stale
        insisting = Signal()  # and may have been, when somebody stored
        accepted = Signal()
        m.d.comb += [
            bus.valid.eq(cursor != stop),
            bus.request.line.eq(cursor),
            bus.request.write.eq(clearing),  # of no byte, without a tag
            accepted.eq(bus.valid & bus.ready),
        ]

        def touched(granule):
            return self.repaint | (self.store & (self.store_line == granule))

        # The answer to the last request
        asked, abandoned = Signal(Visit), Signal()
        loaded = Signal(Cap)
        answered = bus.answered & ~abandoned
        m.d.comb += [
            loaded.eq(Cat(bus.response.data, bus.response.tag)),
            bounds.cap.eq(loaded),
            lookup.granule.eq(bounds.base[OFFSET_BITS:]),
            lookup.enable.eq(
                answered & ~asked.cleared & ~bus.response.error & loaded.tag & ~type_authority(loaded.meta.perms)
            ),
        ]
        m.d.sync += [asked.granule.eq(cursor), asked.cleared.eq(clearing), asked.touched.eq(0)]
        with m.If(answered & bus.response.error):
            m.d.sync += control.failed.eq(1)

        # The verdict
        judged, judging, revocable, unknown = Signal(Visit), Signal(), Signal(), Signal()
        stale = Signal()  # or may be
        changed = judged.touched | touched(judged.granule)
        m.d.sync += [
            judging.eq(answered & ~stale),
            judged.eq(asked),
            judged.touched.eq(touched(asked.granule)),
            revocable.eq(lookup.enable),
            unknown.eq(self.denied),
            abandoned.eq(stale),
        ]
        m.d.comb += [
            stale.eq(judging & revocable & (lookup.revoked | unknown)),
            record.step.eq(judging & ~stale),
            record.granule.eq(judged.granule),
            record.cleared.eq(judged.cleared),
            record.finished.eq(control.finished),
        ]

        with m.If(accepted):
            m.d.sync += [cursor.eq(cursor + 1), clearing.eq(0)]
        with m.If(accepted & clearing | record.step):
            m.d.sync += insisting.eq(0)
        with m.If(clearing & ~accepted & touched(cursor)):
            m.d.sync += [clearing.eq(0), insisting.eq(1)]
        with m.If(stale):  # back to it; what has been read behind it is read again
            m.d.sync += cursor.eq(judged.granule)
            with m.If(changed | unknown):
                m.d.sync += insisting.eq(1)
            with m.Else():
                m.d.sync += clearing.eq(1)

        waited = Signal(range(self.patience + 1))
        m.d.comb += self.hold.eq(insisting | (waited == self.patience))
        with m.If(~bus.valid | bus.ready):
            m.d.sync += waited.eq(0)
        with m.Elif(~self.hold):
            m.d.sync += waited.eq(waited + 1)

        # Beginning and end
        begins = control.go & ~running
        empty = control.start >= control.end
        ends = running & (cursor == stop) & ~bus.answered & ~judging
        m.d.comb += control.finished.eq(ends | (begins & empty))
        m.d.sync += control.epoch.eq(control.epoch + Cat(ends | (begins & ~empty), begins & empty))
        with m.If(begins):
            m.d.sync += control.failed.eq(0)
            with m.If(~empty):
                m.d.sync += [
                    cursor.eq(control.start[OFFSET_BITS:]),
                    stop.eq(control.end[OFFSET_BITS:] + control.end[:OFFSET_BITS].any()),
                ]
        return m
