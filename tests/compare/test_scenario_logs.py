"""Whole logs of a scenario against each other, by its class."""

from dataclasses import replace

import pytest

from cosim.compare.scenario import compare
from cosim.compare.sides import side_by_side
from rtos_model.services.events import parse
from rtos_model.services.scenario import Class, catalogue

ONE = next(iter(catalogue().values()))


def log(*lines):
    return [parse(line) for line in lines]


A, B, C = "READY 1 futex", "SWITCH 0 1", "ALLOC main.malloc 16 24 heap#1"
MORE = "ALLOC main.malloc 16 32 heap#1"


@pytest.mark.parametrize(
    "kind, model, other, place",
    [
        (Class.EXACT, [A, B], [A, B], None),
        (Class.EXACT, [A, B], [B, A], (0, 0)),
        (Class.EXACT, [A, B], [A], (1, 1)),
        (Class.EXACT, [A, C], [A, MORE], (1, 1)),
        (Class.EXACT, ["EPOCH 1", A, "EPOCH 2"], [A, "EPOCH 1", "EPOCH 2"], None),
        (Class.EXACT, ["EPOCH 1", A, B], [A, "EPOCH 1"], (2, 2)),
        (Class.EXACT, ["EPOCH 1", A], [A], (2, 1)),
        (Class.SET, [A, B, B], [B, A, B], None),
        (Class.SET, [A, B, B], [B, A, A], (0, 0)),
        (Class.BOUNDED, [A, C], [A, MORE], None),
        (Class.BOUNDED, [A, MORE], [A, C], (1, 1)),
        (Class.BOUNDED, [A, C], [C, A], (0, 0)),
    ],
)
def test_agreement_and_the_place_of_the_first_difference(kind, model, other, place):
    found = compare(replace(ONE, comparability=kind), log(*model), log(*other))
    assert (found and (found.index, found.got_index)) == place


def test_both_sides_of_a_difference():
    lines = side_by_side([A, B, C], [A, C], 1, 1, ("model", "core"))
    assert lines[0].split() == ["model", "core"]
    assert lines[1].startswith("     0 READY 1 futex") and lines[1].rstrip().endswith("0 READY 1 futex")
    assert lines[2].startswith(">    1 SWITCH 0 1") and lines[2].endswith("1 ALLOC main.malloc 16 24 heap#1")
    assert lines[3].endswith("(end of the log)") and lines[3].startswith("|    2 ALLOC")
