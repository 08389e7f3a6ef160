"""The RTL against the engine's model: every transition that the search has found, and long random walks."""

from array import array

import pytest

from cosim.schedules.bench import ScheduleBench
from cosim.schedules.replay import Replayer, build
from cosim.schedules.table import IMPOSSIBLE, Table, explore
from rtos_model.machine.revoker_engine import ACTIONS

PATIENCE = 2
STEPS = 500_000
pytestmark = pytest.mark.sim


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    found = explore(PATIENCE)
    print(found)
    file = tmp_path_factory.mktemp("schedules") / "table"
    Table.of(found, PATIENCE).write(file)
    return file


@pytest.fixture(scope="module")
def binary():
    return build(ScheduleBench(PATIENCE))


@pytest.fixture
def replayer(binary, table):
    return Replayer(binary, table)


def test_every_transition(replayer):
    outcome = replayer.cover()
    print(f"{outcome.count} transitions")
    assert outcome.mismatch is None
    assert outcome.count > 400_000


def test_every_schedule_of_a_few_steps(replayer):
    """All actions, from a sweep that has just begun over words that are all stale."""
    names = ["allocate", "store 0", "store 1", "store 2", "paint", "go"]
    way = [[str(action) for action in ACTIONS].index(name) for name in names]
    outcome = replayer.schedules(way, range(len(ACTIONS)), 4)
    assert outcome.mismatch is None
    assert outcome.count > 18**4


def test_random_walk(replayer, seed):
    outcome = replayer.walk(STEPS, seed)
    assert outcome.mismatch is None
    assert outcome.count == STEPS


def test_any_difference_is_found(binary, table, tmp_path, rng):
    """Here the table is wrong, in one place: the replay of all transitions says so, and how to get there."""
    contents = table.read_bytes()
    states, actions = array("I", contents[:8])
    following = array("I", contents[8 : 8 + 4 * states * actions])
    shows = 8 + 4 * len(following)
    raw, registers = shows + 2 * len(following), shows + 4 * len(following)
    one = rng.choice([number for number, after in enumerate(following) if after != IMPOSSIBLE])
    for places in ([shows + 2 * one], [raw + one], range(registers, registers + states)):
        wrong = bytearray(contents)
        for place in places:
            wrong[place] ^= 1
        file = tmp_path / "wrong"
        file.write_bytes(wrong)
        mismatch = Replayer(binary, file).cover().mismatch
        assert mismatch and mismatch.actions
        print(mismatch)
