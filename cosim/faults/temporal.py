"""Faults of load filter, revoker, stack zeroiser and stack mark: mistakes that others have had, in our circuit.

`errata` are their numbers in the list of published mistakes that the tests go through; each text says what is wrong.
"""

from amaranth.hdl import Cat, Module, ResetSignal, Signal

from cosim.faults.fault import Faults
from rtl.bus.arbiter import Arbiter
from rtl.cap.attenuate import Attenuator
from rtl.core.core import Core
from rtl.core.csrfile import CsrFile
from rtl.core.memory import MemoryStage
from rtl.core.zeroiser import Zeroiser
from rtl.isa.capfmt import GRANULE
from rtl.isa.csr import CSR_BY_NAME
from rtl.mem.revbits import BITS, RevocationBits
from rtl.mem.tags import Tags
from rtl.revoker.regs import ENABLE, EPOCH, GO, STATUS, RevokerRegisters
from rtl.revoker.sweep import Sweep
from rtl.soc.plic import REVOKER, UART
from rtl.soc.uncore import Uncore

TEMPORAL = Faults()
WORD_GRANULES = 32
"""Granules to a 32-bit word of the bitmap."""


# Load filter


def looked_up(bits: RevocationBits):
    """The read port of the lookups."""
    return bits.memory.read_ports[1]


def verdict_outside(m: Module, bits: RevocationBits, outside) -> None:
    """Granules outside of the heap for which `outside` is high are looked up as if the bitmap had bits for them."""
    counts, number = Signal(), Signal(range(BITS))
    first = bits.heap.base // GRANULE
    with m.If(bits.lookup.enable):
        m.d.sync += [counts.eq(outside), number.eq(bits.lookup.granule - first)]
    with m.If(counts):
        m.d.comb += bits.lookup.revoked.eq(looked_up(bits).data.bit_select(number, 1))


@TEMPORAL.add(
    "map-end", "the bitmap's range check lets one word too many pass", RevocationBits, "filter", "E-LIVE-1"
)
def _(m, bits):
    end = (bits.heap.base + bits.heap.size) // GRANULE
    granule = bits.lookup.granule
    verdict_outside(m, bits, (granule >= end) & (granule < end + WORD_GRANULES))


@TEMPORAL.add(
    "map-alias", "the upper half of the bitmap is looked up in the lower", RevocationBits, "filter", "E-LIVE-2"
)
def _(m, bits):
    m.d.comb += looked_up(bits).addr[-1].eq(0)


@TEMPORAL.add("map-truncated", "the upper bits of a base are not checked", RevocationBits, "filter", "E-RV-2 E-LIVE-3")
def _(m, bits):
    verdict_outside(m, bits, 1)


@TEMPORAL.add("map-base", "the bitmap begins a line behind the heap", RevocationBits, "filter", "E-RV-13")
def _(m, bits):
    first = bits.heap.base // GRANULE
    m.d.comb += looked_up(bits).addr.eq((bits.lookup.granule - first - BITS) >> (BITS - 1).bit_length())


@TEMPORAL.add(
    "filter-burst", "of two loads in a row the second gets the first one's verdict", RevocationBits, "filter", "E-RV-7"
)
def _(m, bits):
    before, keep, old = Signal(), Signal(), Signal()
    m.d.sync += [before.eq(bits.lookup.enable), keep.eq(bits.lookup.enable & before), old.eq(bits.lookup.revoked)]
    with m.If(keep):
        m.d.comb += bits.lookup.revoked.eq(old)


@TEMPORAL.add("filter-stall", "a second operand is used before the load filter's verdict", Core, "filter", "E-RV-1")
def _(m, core):
    m.d.comb += core.execute.entry.b_filtered.eq(0)


@TEMPORAL.add("filter-forward", "a base register is used before the load filter's verdict", Core, "filter", "E-RV-8")
def _(m, core):
    m.d.comb += core.execute.entry.a_filtered.eq(0)


@TEMPORAL.add("filter-types", "the load filter looks at authorities over types, too", Attenuator, "filter", "E-RV-9")
def _(m, attenuator):
    m.d.comb += attenuator.filtered.eq(attenuator.result.tag)


# The revoker and what it shares with the core


@TEMPORAL.add("sweep-hangs", "the revoker waits for ever once a clearing is called off", Sweep, "sweep", "E-RV-4")
def _(m, sweep):
    request, hung = sweep.bus.request, Signal()
    called_off = sweep.repaint | (sweep.store & (sweep.store_line == request.line))
    with m.If(sweep.bus.valid & request.write & ~sweep.bus.ready & called_off):
        m.d.sync += hung.eq(1)
    with m.If(hung):
        m.d.comb += sweep.bus.valid.eq(0)


@TEMPORAL.add("arbiter-grant", "the revoker is told to go on in a cycle that the core has", Arbiter, "sweep", "E-RV-5")
def _(m, arbiter):
    m.d.comb += arbiter.second.ready.eq(arbiter.bus.ready)


@TEMPORAL.add("sweep-snoop", "the revoker does not see stores between reading and clearing", Uncore, "sweep", "E-RV-6")
def _(m, uncore):
    m.d.comb += uncore.sweeper.store.eq(0)


@TEMPORAL.add("revoker-go", "a write of zero does not start the revoker", RevokerRegisters, "revoker", "E-RV-10")
def _(m, registers):
    with m.If(~registers.port.write_data.bit_select(GO % 8 * 8, 1)):
        m.d.comb += registers.control.go.eq(0)


@TEMPORAL.add(
    "epoch-glitch", "for a cycle the revoker has stopped and not yet counted", RevokerRegisters, "revoker", "E-RV-10"
)
def _(m, registers):
    with m.If(registers.control.finished & (registers.port.line == EPOCH // 8)):
        m.d.sync += registers.port.read_data[EPOCH % 8 * 8].eq(0)


@TEMPORAL.add("revoker-status", "the revoker's status cannot be cleared", RevokerRegisters, "revoker", "E-RV-11")
def _(m, registers):
    seen = Signal()
    with m.If(registers.control.finished):
        m.d.sync += seen.eq(1)
    with m.If((registers.port.line == STATUS // 8) & seen):
        m.d.sync += registers.port.read_data[STATUS % 8 * 8].eq(1)


@TEMPORAL.add("revoker-reset", "the revoker's range outlives a reset", RevokerRegisters, "reset", "E-RV-12")
def _(m, registers):
    control, fresh = registers.control, Signal(init=1)
    kept = Signal(64, reset_less=True)
    m.d.sync += fresh.eq(0)
    with m.If(fresh):
        m.d.sync += Cat(control.start, control.end).eq(kept)
    with m.Elif(~ResetSignal()):
        m.d.sync += kept.eq(Cat(control.start, control.end))


@TEMPORAL.add(
    "revoker-level", "the revoker's interrupt stays until it is acknowledged", RevokerRegisters, "revoker", "E-RV-14"
)
def _(m, registers):
    held, enabled, port = Signal(), Signal(), registers.port
    with m.If(registers.control.finished):
        m.d.sync += held.eq(1)
    with m.If(port.enable & port.write & (port.line == STATUS // 8)):
        with m.If(port.mask[STATUS % 8]):
            m.d.sync += held.eq(0)
        with m.If(port.mask[ENABLE % 8]):
            m.d.sync += enabled.eq(port.write_data[ENABLE % 8 * 8])
    with m.If(held & enabled):
        m.d.comb += registers.interrupt.eq(1)


@TEMPORAL.add("bitmap-reset", "the bitmap is not cleared by a reset", RevocationBits, "reset", "E-RV-15")
def _(m, bits):
    with m.If(~bits.ready):
        m.d.comb += bits.memory.write_ports[0].en.eq(0)


@TEMPORAL.add("tags-reset", "the tags of memory are not cleared by a reset", Tags, "reset", "E-RV-15")
def _(m, tags):
    with m.If(~tags.ready):
        m.d.comb += tags.memory.write_ports[0].en.eq(0)


@TEMPORAL.add("plic-number", "the revoker's interrupt has the number of its neighbour", Uncore, "revoker", "E-RV-16")
def _(m, uncore):
    plic, revoker = uncore.devices["plic"], uncore.devices["revoker"]
    m.d.comb += [plic.pulses[REVOKER].eq(0), plic.pulses[UART].eq(revoker.interrupt)]


# Stack mark and stack zeroiser


@TEMPORAL.add("stack-mark-end", "a store that ends in the stack moves mshwm", MemoryStage, "stackmark", "E-HWM-1")
def _(m, stage):
    m.d.comb += stage.csrs.store_address.eq(stage.x.address + (1 << stage.x.size.as_value()) - 1)


@TEMPORAL.add("stack-mark-free", "mshwm can be read without the permission", CsrFile, "stackmark", "E-HWM-5")
def _(m, csrs):
    with m.If(csrs.number == CSR_BY_NAME["mshwm"].number):
        m.d.comb += csrs.free.eq(1)


@TEMPORAL.add("zeroiser-wait", "accesses do not wait for the zeroiser", Zeroiser, "zeroiser", "E-HWM-2")
def _(m, zeroiser):
    m.d.comb += zeroiser.covers.eq(0)


@TEMPORAL.add("zeroiser-restart", "a write to ztopc does not stop the zeroiser", Zeroiser, "zeroiser", "E-HWM-2")
def _(m, zeroiser):
    with m.If(zeroiser.write & zeroiser.running):
        m.d.sync += [zeroiser.running.eq(1), zeroiser.ztopc.eq(zeroiser.ztopc)]


@TEMPORAL.add("zeroiser-snoop", "the revoker does not see the zeroiser's stores", Uncore, "zeroiser", "E-HWM-2")
def _(m, uncore):
    request = uncore.data.request
    with m.If(request.mask.all() & (request.data == 0) & ~request.tag):
        m.d.comb += uncore.sweeper.store.eq(0)


@TEMPORAL.add("zeroiser-start", "the zeroiser begins a line too low", Zeroiser, "zeroiser", "E-HWM-3")
def _(m, zeroiser):
    with m.If(~zeroiser.core.valid):
        m.d.comb += zeroiser.bus.request.line.eq(zeroiser.record.line - 1)


@TEMPORAL.add(
    "zeroiser-empty", "a piece of nothing to zero looks as if it were under way", Zeroiser, "zeroiser", "E-HWM-4"
)
def _(m, zeroiser):
    m.d.comb += zeroiser.stored.cap.tag.eq(zeroiser.wdata.cap.tag)
