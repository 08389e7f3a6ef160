"""Every scenario passes on the model, survives a round trip as data, and names rules that exist."""

import json

import pytest

from rtos_model.services.rules import OWN, RULES, SCENARIOS
from rtos_model.services.scenario import catalogue, play
from rtos_model.services.steps import from_data, to_data

KNOWN = catalogue()


@pytest.mark.parametrize("name", KNOWN)
def test_scenario(name):
    outcome = play(KNOWN[name])
    assert outcome.passed, "\n".join([*outcome.problems, *outcome.lines()])


@pytest.mark.parametrize("name", KNOWN)
def test_scenario_names_rules_and_rows_that_exist(name):
    assert name in SCENARIOS + OWN
    assert KNOWN[name].rules
    assert set(KNOWN[name].rules) <= set(RULES)


def test_bodies_survive_as_json():
    for scenario in KNOWN.values():
        for body in scenario.program.values():
            if not callable(body):
                assert from_data(json.loads(json.dumps(to_data(body)))) == body


def test_few_scenarios_need_python():
    assert sum(not scenario.in_steps for scenario in KNOWN.values()) <= 30


def test_catalogue_has_174_rows():
    assert len(SCENARIOS) == 174
