"""Faults that revokers have had, or nearly: each must be noticed by one of the programs."""

import random

import pytest

from rtl.config import KIB
from tests.mutate import mutant
from tests.revoker.bench import BASE, BITMAP, failed_read, follow, store, sweep
from tests.revoker.programs import (
    LINES,
    STALE,
    all_values,
    busy_waiting,
    chaos,
    free,
    painting_beside_the_sweep,
    stores_beside_the_sweep,
    stores_on_a_busy_port,
    to,
)

SWEEP, REGISTERS, UNCORE = "rtl.revoker.sweep", "rtl.revoker.regs", "rtl.soc.uncore"
ARBITER, PERMS, BITS = "rtl.bus.arbiter", "rtl.cap.perms", "rtl.mem.revbits"


def ranges():
    """Sweeps that end beside memory, cross a multiple of 16 MiB, have one granule or none."""
    yield from (*sweep(BASE, BASE + 8 * LINES), *[None] * 80, failed_read())
    yield from (*sweep(BASE - 16, BASE + 5), *[None] * 20, failed_read())
    yield from (*sweep(0x20FF_FFF0, 0x2100_0010), *[None] * 20, *sweep(0, 1), *[None] * 20, *sweep(8, 8))
    yield from (*sweep(BASE, BASE + 8), *[None] * 20, failed_read())


def beside_the_heap():
    """Every bit of the bitmap set, and capabilities on both sides of what it covers."""
    for line in range(32):
        yield store(BITMAP + 8 * line, (1 << 64) - 1)
    for place, offset in enumerate((-8, 0, 16 * KIB - 8, 16 * KIB, 16 * KIB + 256, 32 * KIB, 512 * KIB)):
        yield store(BASE + 8 * place, to(BASE + offset))
    yield from (*sweep(BASE, BASE + 64), *[None] * 60)


def hammering():
    """Stores all the time, to the granule under the sweep first of all."""
    yield free()
    for place in (0, 1, 2):
        yield from (store(BASE + 8 * place, STALE), *sweep(BASE, BASE + 24))
        for number in range(90):
            yield store(BASE + 8 * place, STALE + number % 2)
    yield from [None] * 40


def random_traffic():
    return chaos(random.Random(1), cycles=1500, busy=0.7)


SNOOP = "self.repaint | (self.store & (self.store_line == granule))"
MUTANTS = {
    # What must be seen between reading and clearing
    "no store is snooped": (stores_beside_the_sweep, (SWEEP, SNOOP, "self.repaint")),
    "no store at the answer": (stores_beside_the_sweep, (SWEEP, "touched(asked.granule)", "0")),
    "no store at the verdict": (stores_beside_the_sweep, (SWEEP, " | touched(judged.granule)", "")),
    "no store while clearing waits": (stores_on_a_busy_port, (SWEEP, "clearing & ~accepted & touched(cursor)", "0")),
    "the bitmap is not snooped": (painting_beside_the_sweep, (SWEEP, "self.repaint | (", "(")),
    "stores are snooped by line of the bitmap": (
        stores_beside_the_sweep,
        (UNCORE, "eq(self.data.request.line)", "eq(0)"),
    ),
    "a store cancels": (stores_beside_the_sweep, (SWEEP, "judging & revocable", "judging & revocable & ~changed")),
    "a store that is not made cancels": (
        random_traffic,
        (SWEEP, "judging & revocable", "judging & revocable & ~changed"),
        (UNCORE, "self.data.valid & self.data.ready & self.data.request.write", "self.data.request.write"),
    ),
    # What is stale
    "types are revoked": (all_values, (SWEEP, " & ~type_authority(loaded.meta.perms)", "")),
    "capabilities without permissions are exempt": (
        all_values,
        (PERMS, '("SE", "US", "U0"))).any()', '("SE", "US", "U0"))).any() | ~compressed[:5].any()'),
    ),
    "the address is looked up": (
        all_values,
        (SWEEP, "eq(bounds.base[OFFSET_BITS:])", "eq(loaded.address[OFFSET_BITS:])"),
    ),
    "untagged words are looked up": (all_values, (SWEEP, " & loaded.tag", "")),
    "the bitmap has a word too many": (beside_the_heap, (BITS, "size=self.heap.size)", "size=self.heap.size + 256)")),
    # Clearing
    "clearing writes the data": (
        all_values,
        (SWEEP, "bus.request.write.eq(clearing)", "[bus.request.write.eq(clearing), bus.request.mask.eq(~0)]"),
    ),
    "clearing is forgotten": (all_values, (SWEEP, "m.d.sync += clearing.eq(1)", "m.d.sync += []")),
    "a granule behind a stale one is not read again": (all_values, (SWEEP, "abandoned.eq(stale)", "abandoned.eq(0)")),
    "a granule behind a stale one is skipped": (all_values, (SWEEP, "cursor.eq(judged.granule)", "cursor.eq(cursor)")),
    # Range and registers
    "the end is included": (ranges, (SWEEP, "control.end[:OFFSET_BITS].any()", "1")),
    "the end is rounded down": (ranges, (SWEEP, " + control.end[:OFFSET_BITS].any()", "")),
    "an empty range takes a cycle": (
        busy_waiting,
        (SWEEP, "control.start >= control.end", "control.start > control.end"),
    ),
    "24 bits of address": (ranges, (SWEEP, "cursor.eq(cursor + 1)", "cursor[:21].eq(cursor[:21] + 1)")),
    "refusals are not noted": (ranges, (SWEEP, "m.d.sync += control.failed.eq(1)", "m.d.sync += []")),
    "refusals are never forgotten": (ranges, (SWEEP, "m.d.sync += control.failed.eq(0)", "m.d.sync += []")),
    "go restarts": (random_traffic, (SWEEP, "begins = control.go & ~running", "begins = control.go")),
    "the end is live": (random_traffic, (SWEEP, "cursor == stop)", "cursor == control.end[OFFSET_BITS:])")),
    # Epoch
    "the epoch is even a cycle too early": (busy_waiting, (SWEEP, " & ~bus.answered & ~judging", " & ~bus.answered")),
    "running ends before the count is up": (
        busy_waiting,
        (REGISTERS, "(EPOCH, control.epoch)", "(EPOCH, control.epoch - Mux(finished, 2, 0))"),
    ),
    "running begins a cycle late": (
        busy_waiting,
        (REGISTERS, "(EPOCH, control.epoch)", "(EPOCH, Mux(begun, control.epoch - 1, control.epoch))"),
        (
            REGISTERS,
            "finished = Signal(), Signal(), Signal()",
            "finished = (Signal() for _ in range(3)); begun = Signal(); m.d.sync += begun.eq(control.go)",
        ),
    ),
    # Sharing the port
    "answers go to the other": (
        random_traffic,
        (ARBITER, "answers_second.eq(turn)", "answers_second.eq(~first.valid)"),
    ),
    "the core is not told to wait": (hammering, (ARBITER, "bus.ready & (~self.hold | self.keep)", "bus.ready")),
    "both are told to go on": (
        random_traffic,
        (ARBITER, "second.ready.eq(bus.ready & turn)", "second.ready.eq(bus.ready)"),
    ),
    "the lookup stays with the core": (
        all_values,
        (UNCORE, "Mux(self.lookup.enable, self.lookup.granule, sweeper.lookup.granule)", "self.lookup.granule"),
    ),
    "no patience": (hammering, (SWEEP, "insisting | (waited == self.patience)", "insisting")),
    "no insistence": (hammering, (SWEEP, "eq(insisting | (waited", "eq((waited")),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_is_killed(simulate, name):
    program, *edits = MUTANTS[name]
    with pytest.raises(AssertionError) as failure:
        follow(simulate, program(), uncore=mutant("rtl.soc.uncore.Uncore", *edits))
    print(failure.value)
