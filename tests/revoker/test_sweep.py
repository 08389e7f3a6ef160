"""The sweep against one granule at a time: what it clears, and what it must not lose."""

import pytest
from amaranth.hdl import ResetInserter, Signal

from rtl.bus.port import LINE
from rtl.config import KIB, Region
from rtl.soc.uncore import Uncore
from tests.revoker.bench import (
    BASE,
    REVOKER,
    TAG,
    Bench,
    Reference,
    epoch_read,
    failed_read,
    follow,
    store,
    sweep,
    tiny,
    word_store,
)
from tests.revoker.programs import (
    EMPTY,
    LINES,
    LIVE,
    SEALED,
    STALE,
    TYPES,
    all_values,
    busy_waiting,
    chaos,
    free,
    painting_beside_the_sweep,
    stores_beside_the_sweep,
    stores_on_a_busy_port,
)


def steps(log, base=BASE):
    """Line numbers, relative to `base`, of all granules visited and of those cleared."""
    return [[granule - base // LINE for _, (granule, cleared) in log.steps if cleared or every] for every in (1, 0)]


def test_clears_what_is_stale_and_nothing_else(simulate):
    values = {0: STALE, 1: LIVE, 2: STALE & ~TAG, 3: SEALED, 4: EMPTY, 5: TYPES, 6: STALE, 63: STALE}
    assert all(value & TAG for place, value in values.items() if place != 2)

    def port():
        yield free()
        for place, value in values.items():
            yield store(BASE + place * LINE, value)
        yield from sweep(BASE, BASE + LINES * LINE)

    log, reference = follow(simulate, port(), after=200)
    assert steps(log) == [list(range(LINES)), [0, 3, 4, 6, 63]]
    assert reference.epoch == 2
    assert reference.lines[BASE] == STALE & ~TAG


@pytest.mark.parametrize(
    ("start", "end", "granules"),
    [
        (0x10, 0x28, [2, 3, 4]),
        (0x13, 0x21, [2, 3, 4]),
        (0x17, 0x18, [2]),
        (0x10, 0x10, []),
        (0x14, 0x14, []),
        (0x18, 0x10, []),
    ],
)
def test_range_is_half_open(simulate, start, end, granules):
    def port():
        yield from sweep(BASE + start, BASE + end)
        for _ in range(20):
            yield epoch_read()

    log, reference = follow(simulate, port(), after=100)
    assert steps(log)[0] == granules
    assert reference.epoch == 2


@pytest.mark.parametrize(
    ("start", "end"),
    [(0xFFFF_FFE0, 0xFFFF_FFFF), (0x0, 0x20), (0x20FF_FFF0, 0x2100_0010), (BASE - 16, BASE + 16)],
)
def test_full_address_width(simulate, start, end):
    """No memory there, but for the last range: those granules are passed over, and said to have failed."""

    def port():
        yield from (free(), store(BASE, STALE), *sweep(start, end), *[None] * 30, failed_read())
        yield from (*sweep(BASE, BASE + 16), *[None] * 20, failed_read())

    log, _ = follow(simulate, port())
    log.steps = [step for step in log.steps if step[0] < log.finishes[0][0]]
    assert steps(log, 0) == [list(range(start // LINE, -(-end // LINE))), [BASE // LINE] * (end == BASE + 16)]


def test_both_memories_are_swept(simulate):
    other = Region(base=0x200F_0000, size=KIB)

    def port():
        yield from (free(), store(BASE, STALE), store(other.base + 8, STALE))
        yield from (*sweep(BASE, BASE + 8), *[None] * 20, *sweep(other.base, other.end), *[None] * 200)

    log, _ = follow(simulate, port(), data_ram=other)
    assert steps(log)[1] == [0, (other.base - BASE) // LINE + 1]


@pytest.mark.parametrize(
    "program",
    [stores_beside_the_sweep, stores_on_a_busy_port, painting_beside_the_sweep, all_values, busy_waiting],
    ids=lambda program: program.__name__,
)
def test_program(simulate, program):
    follow(simulate, program())


@pytest.mark.parametrize("busy", [0.2, 0.6, 0.9, 1.0])
def test_random_traffic(simulate, rng, busy):
    log, reference = follow(simulate, chaos(rng, cycles=3000, busy=busy), after=1000)
    assert reference.epoch > 2
    assert steps(log)[1]


def test_start_and_end_count_from_go(simulate):
    def port():
        yield from sweep(BASE, BASE + 64)
        yield from (word_store(REVOKER, BASE + 512), word_store(REVOKER + 4, BASE))

    log, _ = follow(simulate, port(), after=20)
    assert steps(log)[0] == list(range(8))


def test_go_while_running_is_ignored(simulate):
    def port():
        yield from sweep(BASE, BASE + 256)
        for _ in range(5):
            yield from (word_store(REVOKER + 8, 0), word_store(REVOKER + 8, 1), None, epoch_read())

    log, reference = follow(simulate, port(), after=60)
    assert steps(log)[0] == list(range(32))
    assert reference.epoch == 2


def test_reset_ends_a_sweep(simulate):
    """Warm reset in the middle of a sweep: nothing of it goes on, and the epoch does not count it."""
    inner = Uncore(tiny(LINES))
    reset = Signal()
    before, after = Bench(inner), Bench(inner)

    async def bench(ctx):
        await before.run(ctx, iter([free(), store(BASE + 400, STALE), *sweep(BASE, BASE + 512)]), after=12)
        ctx.set(reset, 1)
        await ctx.tick()
        ctx.set(reset, 0)
        await after.run(ctx, iter([epoch_read(), store(BASE + 400, STALE), *[None] * 80, epoch_read()]))

    simulate(ResetInserter(reset)(inner), bench)
    assert before.log.steps and not before.log.finishes
    assert not after.log.steps
    Reference(inner).replay(after.log)
