"""The revoker with the memory and the bitmap that it sweeps, and a core that does one thing in a cycle."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out

from rtl.bus.port import LINE
from rtl.cap.bounds import BoundsDecoder
from rtl.cap.layout import Cap
from rtl.cap.perms import type_authority
from rtl.config import KIB, CoreConfig, HeapConfig, Region, SocConfig
from rtl.revoker.regs import GO, START
from rtl.soc.uncore import Uncore
from rtos_model.machine.capability import ROOT_MEMORY
from rtos_model.machine.revocation_spec import Value
from rtos_model.machine.revoker_engine import WORDS

BASE, BITMAP, REVOKER = 0x2004_0000, 0x200F_E000, 0x1400_0000
LINES = 64
OBJECT = BASE + 0x100
ELSEWHERE = BASE + (LINES - 1) * LINE


class Op(enum.Enum, shape=4):
    """What the core does in a cycle. A FAULT shows a store to the port, but makes none; a SECOND is a STORE that
    belongs to the one of the cycle before."""

    NONE = 0
    BUSY = 1
    LOAD = 2
    STORE = 3
    FAULT = 4
    PAINT = 5
    REUSE = 6
    GO = 7
    SET_RANGE = 8
    SECOND = 9


class Stimulus(data.Struct):
    """`word` is where to load or store, `value` (a `Value`) what to store."""

    op: Op
    word: 2
    value: 2


class Seen(data.Struct):
    """What shows in a cycle, before its end. Fields without meaning are zero.

    `refused`: the core's access has to wait. `reads`, `clears`: the engine's access to `word` is accepted.
    """

    refused: 1
    reads: 1
    clears: 1
    word: 2
    decided: 1
    decided_word: 2
    decided_cleared: 1
    ended: 1
    running: 1


class Answers(data.Struct):
    """What the core gets in the cycle after a load, and what is left of it two cycles after: `Value`s, 7 for others."""

    loaded: 1
    raw: 3
    kept: 1
    filtered: 3


def encoded(value: Value) -> int:
    """The 65 bits that stand for a value."""
    cap = ROOT_MEMORY.with_address(OBJECT if value in (Value.OBJECT, Value.DEAD) else OBJECT + 64).with_bounds(16)
    tag = value is not Value.DEAD
    return 0 if value is Value.DATA else tag << 64 | cap.metadata << 32 | cap.address


def config() -> SocConfig:
    return SocConfig(
        name="schedules",
        core=CoreConfig(boot_address=BASE),
        ram=Region(base=BASE, size=LINES * LINE),
        heap=HeapConfig(base=BASE, size=16 * KIB, bitmap=BITMAP),
        entry=BASE,
        revoker=REVOKER,
    )


class ScheduleBench(wiring.Component):
    """`ready` is low after reset until memories are clear; then SET_RANGE must come first."""

    stimulus: In(Stimulus)
    ready: Out(1)
    seen: Out(Seen)
    answers: Out(Answers)

    def __init__(self, patience: int):
        self.uncore = Uncore(config(), patience=patience)
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        m.submodules.uncore = uncore = self.uncore
        port, request, sweeper = uncore.data, uncore.data.request, uncore.sweeper
        stimulus = self.stimulus
        m.d.comb += self.ready.eq(uncore.bitmap.ready & uncore.memories["ram"].ready)

        bit = (OBJECT - BASE) // LINE
        stored = Signal(8 * LINE + 1)
        with m.Switch(stimulus.value):
            for value in Value:
                with m.Case(value.value):
                    m.d.comb += stored.eq(encoded(value))
        m.d.comb += [port.valid.eq(1), request.mask.eq(~0)]
        with m.Switch(stimulus.op):
            with m.Case(Op.NONE):
                m.d.comb += port.valid.eq(0)
            with m.Case(Op.BUSY):
                m.d.comb += request.line.eq(ELSEWHERE // LINE)
            with m.Case(Op.LOAD):
                m.d.comb += request.line.eq(BASE // LINE + stimulus.word)
            with m.Case(Op.STORE, Op.FAULT, Op.SECOND):
                m.d.comb += [
                    uncore.second.eq(stimulus.op == Op.SECOND),
                    port.valid.eq(stimulus.op != Op.FAULT),
                    request.line.eq(BASE // LINE + stimulus.word),
                    request.write.eq(1),
                    Cat(request.data, request.tag).eq(stored),
                ]
            with m.Case(Op.PAINT, Op.REUSE):
                m.d.comb += [
                    request.line.eq((BITMAP + bit // 8) // LINE),
                    request.write.eq(1),
                    request.mask.eq(1 << bit // 8 % LINE),
                    request.data.bit_select(8 * (bit // 8 % LINE) + bit % 8, 1).eq(stimulus.op == Op.PAINT),
                ]
            with m.Case(Op.GO):
                m.d.comb += [
                    request.line.eq((REVOKER + GO) // LINE),
                    request.write.eq(1),
                    request.mask.eq(0xF << GO % LINE),
                ]
            with m.Case(Op.SET_RANGE):
                m.d.comb += [
                    request.line.eq((REVOKER + START) // LINE),
                    request.write.eq(1),
                    request.data.eq(BASE | (BASE + WORDS * LINE) << 32),
                ]

        # The core's side of a load: the line, then the load filter's verdict
        m.submodules.bounds = bounds = BoundsDecoder()
        loading, kept, subject, loaded = Signal(), Signal(), Signal(), Signal(Cap)
        response = Signal(Cap)
        m.d.comb += [
            response.eq(Cat(port.response.data, port.response.tag)),
            bounds.cap.eq(response),
            uncore.lookup.granule.eq(bounds.base[3:]),
            uncore.lookup.enable.eq(loading & response.tag),
            self.answers.loaded.eq(loading),
            self.answers.kept.eq(kept),
        ]
        m.d.sync += [
            loading.eq((stimulus.op == Op.LOAD) & port.ready),
            kept.eq(loading),
            loaded.eq(response),
            subject.eq(response.tag & ~type_authority(response.meta.perms)),
        ]
        final = Signal(Cap)
        m.d.comb += [final.eq(loaded), final.tag.eq(loaded.tag & ~(subject & uncore.lookup.revoked))]
        for active, cap, name in ((loading, response, self.answers.raw), (kept, final, self.answers.filtered)):
            with m.If(active):
                m.d.comb += name.eq(7)
                for value in Value:
                    with m.If(cap.as_value() == encoded(value)):
                        m.d.comb += name.eq(value.value)

        seen, accepted = self.seen, Signal()
        m.d.comb += [
            accepted.eq(sweeper.bus.valid & sweeper.bus.ready),
            seen.refused.eq(port.valid & ~port.ready),
            seen.reads.eq(accepted & ~sweeper.bus.request.write),
            seen.clears.eq(accepted & sweeper.bus.request.write),
            seen.decided.eq(uncore.sweep.step),
            seen.ended.eq(uncore.sweep.finished),
            seen.running.eq(sweeper.control.epoch[0]),
        ]
        with m.If(accepted):
            m.d.comb += seen.word.eq(sweeper.bus.request.line)
        with m.If(uncore.sweep.step):
            m.d.comb += [seen.decided_word.eq(uncore.sweep.granule), seen.decided_cleared.eq(uncore.sweep.cleared)]
        return m
