"""Shrinking: to the one item that matters, and no further than the failure allows."""

import pytest

from cosim.stimulus.generator import generate
from cosim.stimulus.program import MAX_STEPS
from cosim.stimulus.shrink import shrink
from rtl.config import SAFE
from rtos_model.machine.commit import unpack
from rtos_model.machine.semantics.capability import CAP


def records(program):
    machine = program.machine()
    while machine.platform.exit_code is None and machine.executed < MAX_STEPS:
        yield machine.step()


def has(kind):
    """A failure predicate: there is an item of this kind."""

    def fails(program):
        return any(item.kind == kind for item in program.items)

    return fails


def test_one_item_is_left():
    program = generate(5, SAFE)
    assert {item.kind for item in program.items} > {"mret"}
    small = shrink(program, has("mret"))
    assert [item.kind for item in small.items] == ["mret"]
    assert small.parameters.enabled == 0 and not any(small.data)


def test_items_that_need_each_other_stay():
    program = generate(5, SAFE)

    def fails(candidate):
        kinds = [item.kind for item in candidate.items]
        return kinds.count("load") >= 3 and "store" in kinds

    assert sorted(item.kind for item in shrink(program, fails).items) == ["load", "load", "load", "store"]


def test_a_wrong_meaning_is_found_and_made_small(monkeypatch):
    """Two golden machines of which one has a wrong `csetboundsexact`: the program that tells them apart shrinks."""
    right = CAP["setboundsexact"]

    def differ(program):
        monkeypatch.setitem(CAP, "setboundsexact", right)
        good = list(records(program))
        monkeypatch.setitem(CAP, "setboundsexact", lambda a, b: right(a, b) ^ 1 << 41)
        bad = list(records(program))
        monkeypatch.setitem(CAP, "setboundsexact", right)
        return good != bad

    program = next(p for p in (generate(seed, SAFE) for seed in range(20)) if differ(p))
    small = shrink(program, differ)
    assert differ(small) and len(small.items) <= 2
    names = [unpack(record)["insn"] >> 25 for record in records(small) if unpack(record)["insn"] & 0x7F == 0x5B]
    assert 0x09 in names


@pytest.mark.parametrize("seed_number", [1, 2])
def test_nothing_is_taken_that_matters(seed_number):
    program = generate(seed_number, SAFE, items=12)
    assert shrink(program, lambda candidate: candidate.items == program.items).items == program.items
