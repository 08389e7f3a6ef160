"""Cycles per granule, and what the sweep costs a core that wants the port all the time."""

import itertools

from rtl.bus.port import LINE
from rtl.config import KIB
from rtl.revoker.sweep import PATIENCE
from tests.revoker.bench import BASE, LIMIT, Access, follow, store, sweep
from tests.revoker.programs import END, LINES, STALE, TYPES, free, full_of


def intervals(log):
    """Cycles from each decision to the next."""
    cycles = [cycle for cycle, _ in log.steps]
    return [after - before for before, after in itertools.pairwise(cycles)]


def test_idle_sweep(simulate):
    lines = 2 * KIB // LINE
    port = (
        free(),
        *(store(BASE + place * LINE, TYPES) for place in range(0, lines, 3)),
        *sweep(BASE, BASE + lines * LINE),
    )
    log, _ = follow(simulate, iter(port), lines=lines, after=lines + 20)
    started = next(cycle for cycle, access, _ in log.accesses if access == port[-1])
    assert log.finishes[0][0] - started <= 1.02 * lines


def test_idle_sweep_with_everything_stale(simulate):
    """Two accesses and the wait for a verdict."""

    def port():
        yield free()
        yield from full_of((STALE,))
        yield from sweep(BASE, END)

    log, _ = follow(simulate, port(), after=5 * LINES)
    assert max(intervals(log)) <= 4


def test_saturated_port(simulate):
    def port():
        yield free()
        yield from full_of((STALE, 0, 0, TYPES))
        yield from sweep(BASE, END)
        yield from [Access(END - LINE)] * (LINES * 2 * PATIENCE)

    log, _ = follow(simulate, port(), after=3 * LINES)
    assert PATIENCE < max(intervals(log)) <= LIMIT
    asked = [cycle for cycle, access, _ in log.accesses if access.address == END - LINE]
    assert len(log.held) <= 0.1 * (asked[-1] - asked[0])
