"""The list of seeded breaks: each rule has one, each can be made, and a sample of them is noticed."""

import subprocess
import sys

import pytest

from rtos_model.services.rules import RULES
from tests.services.breaks import BREAKS, SURVIVORS
from tests.services.campaign import SERVICES, Trial, broken, verdict

SAMPLE = 6


def test_every_rule_has_a_break():
    named = {rule for rules, *_ in BREAKS for rule in rules.split()}
    assert [rule for rule in RULES if rule not in named] == []
    others = {rule for rule in named if rule not in RULES}
    assert all(rule.startswith(("16.", "DV-")) for rule in others)  # sections and deviations that have no rule's name


@pytest.mark.parametrize("one", BREAKS, ids=lambda one: f"{one[0]} {one[1]}")
def test_break_can_be_made(one):
    _, file, text, replacement = one
    compile(broken(SERVICES / file, text, replacement), file, "exec")
    assert text != replacement


def test_no_break_is_listed_twice():
    places = [tuple(one[1:]) for one in BREAKS]
    assert len(set(places)) == len(places)


def test_explained_survivors_are_breaks():
    places = {tuple(one[1:]) for one in BREAKS}
    assert [one for one in SURVIVORS if one not in places] == [] and all(SURVIVORS.values())


def test_a_sample_is_noticed(seed):
    command = [sys.executable, "-m", "tests.services.campaign", "--sample", str(SAMPLE), "--seed", str(seed)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{SAMPLE} of {SAMPLE} breaks are noticed" in done.stdout


BREAK = ("TH-8", "scheduler.py", "old", "new")


def test_survivor_fails_the_campaign():
    survivor = Trial(("TH-8",), "scheduler.py: old -> new", None, ())
    killed = Trial(("TH-9",), "scheduler.py: a -> b", "SC-1", ("TH-9",))
    found = verdict([survivor, *[killed] * 30], [BREAK] * 31, whole=True)
    assert found[0] == "survives and is not explained: TH-8 scheduler.py: old -> new"
    assert "no test that names TH-8 fails with any of its breaks" in found
    assert "no test that names TH-9 fails with any of its breaks" not in found
    assert verdict([survivor], [BREAK], whole=False)[0] == "more than 5% survive"


def test_unknown_break_is_told():
    done = subprocess.run(
        [sys.executable, "-m", "tests.services.campaign", "XX-1"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and done.stderr.startswith("no break of XX-1; give a rule like MQ-9")
