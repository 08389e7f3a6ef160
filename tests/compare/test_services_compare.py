"""Planted differences between two event logs must be found, and nothing else."""

import dataclasses

import pytest

from cosim.compare.services import Bound, bounded, exact, kinds, ordered, read_log, same_set
from cosim.errors import UserError
from rtos_model.services.errors import ServiceModelError
from rtos_model.services.events import KINDS, Alloc, Block, Epoch, Exit, Irq, Ready, Ret, Switch, Tick, parse

LOG = [
    Switch(0, 1),
    Block(1, "main.word", "ticks:3"),
    Switch(1, 2),
    Ready(1, "futex"),
    Switch(2, 1),
    Ret(1, "futex_timed_wait", 0, 0),
    Alloc("quota", 16, 24, "heap#1"),
    Exit(1),
]
EVERY = kinds(*KINDS)


def planted(index, **changes):
    return [dataclasses.replace(event, **changes) if i == index else event for i, event in enumerate(LOG)]


def test_equal_logs_agree_in_every_class():
    assert exact(LOG, list(LOG)) is None
    assert ordered(LOG, list(LOG), EVERY) is None
    assert same_set(LOG, list(LOG), kinds("BLOCK"), kinds("RET"), EVERY) is None
    assert bounded(LOG, list(LOG), []) is None


@pytest.mark.parametrize("index, changes", [(1, {"deadline": "none"}), (3, {"reason": "timer"}), (5, {"a0": -110})])
def test_exact_finds_a_changed_field(index, changes):
    difference = exact(LOG, planted(index, **changes))
    assert (difference.index, difference.got_index) == (index, index)
    assert str(next(iter(changes.values()))) in difference.got


@pytest.mark.parametrize("compare", [exact, lambda a, b: ordered(a, b, EVERY), lambda a, b: bounded(a, b, [])])
def test_missing_extra_and_swapped_events_are_found(compare):
    assert compare(LOG, LOG[:-1]).got == "the end of the log"
    assert compare(LOG[:-1], LOG).expected == "the end of the log"
    assert compare(LOG, LOG[:3] + LOG[2:]).index == 3
    assert compare(LOG, [LOG[1], LOG[0], *LOG[2:]]).index == 0


def test_ordered_ignores_what_is_not_listed_but_not_the_order_of_the_rest():
    listed = kinds("BLOCK", "READY", "RET")
    noisy = [Tick(1), *LOG[:2], Switch(1, 0), Switch(0, 2), *LOG[3:]]
    assert ordered(LOG, noisy, listed) is None
    assert ordered(LOG, [LOG[3], *LOG[:3], *LOG[4:]], listed).expected.startswith("BLOCK")


def test_set_ignores_order_inside_a_window_only():
    window = {"opens": kinds("BLOCK"), "closes": kinds("EXIT"), "listed": EVERY}
    shuffled = [*LOG[:2], *reversed(LOG[2:7]), LOG[7]]
    assert same_set(LOG, shuffled, **window) is None
    assert exact(LOG, shuffled) is not None
    assert "1 x EPOCH 1" in same_set(LOG, [*LOG[:3], Epoch(1), *LOG[3:]], **window).got
    assert "SWITCH 1 2" in same_set(LOG, LOG[:2] + LOG[3:], **window).expected
    assert same_set(LOG, LOG[:1] + LOG[2:], **window).got == "no such window"
    outside = [*LOG[:7], Epoch(1), LOG[7]]
    assert same_set(LOG, outside, **window).got == "1 x EPOCH 1"
    assert same_set(LOG, outside, **(window | {"closes": kinds("ALLOC")})) is None
    twice = [*LOG[:3], LOG[2], *LOG[3:]]
    assert "1 x SWITCH 1 2" in same_set(LOG, twice, **window).got


def test_bounded_accepts_the_interval_and_nothing_beyond():
    bound = [Bound(kinds("ALLOC"), "charge", 0, 8)]
    for charge, agrees in [(23, False), (24, True), (32, True), (33, False)]:
        assert (bounded(LOG, planted(6, charge=charge), bound) is None) is agrees
    assert bounded(LOG, planted(6, size=17), bound).index == 6
    assert "charge +0...+8" in bounded(LOG, planted(6, charge=40), bound).expected


def test_every_kind_reads_back():
    log = [*LOG, Tick(7), Epoch(2), Irq(12, 3, (1, 2)), Irq(12, 4, ()), Ret(1, "f", "cap(0:GR:4+0)", 0)]
    assert [parse(event.line()) for event in log] == log


@pytest.mark.parametrize("line", ["NONSENSE 1", "TICK", "TICK x", "IRQ 1 2 3", "SWITCH 0 1 2"])
def test_bad_lines_are_named(line):
    with pytest.raises(ServiceModelError, match=line):
        parse(line)
    with pytest.raises(UserError, match=f"run.log, line 2: '{line}'"):
        read_log("run.log", ["TICK 1", line])
