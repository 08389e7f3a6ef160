"""What a sweep costs, as `cheriot bench` prints it: within its bounds, and no less than the circuit can do."""

import pytest

from cosim.revoker_bench import Cost, costs, table
from rtl.config import SAFE
from rtl.revoker.sweep import PATIENCE


@pytest.mark.sim
def test_bounds_are_kept(safe):
    found = costs(safe, SAFE)
    print(table(found))
    idle, saturated, kernel = found
    assert all(cost.kept for cost in found)
    assert idle.figure >= 1 and saturated.figure > PATIENCE and kernel.figure > -1


def test_a_bound_that_is_missed_shows():
    assert not Cost("it", 1.26, 1.25, "cycles").kept
    assert "TOO MUCH" in table([Cost("it", 1.26, 1.25, "cycles")])
