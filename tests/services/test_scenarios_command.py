"""`cheriot scenarios` passes, and fails for a scenario that fails, a rule, a row or a statement that is missing."""

import json
from dataclasses import replace

import pytest

from cosim.cli import main
from cosim.commands import scenarios
from cosim.errors import BAD_INPUT
from rtos_model.services.scenario import catalogue

KNOWN = catalogue()
FEW = {name: KNOWN[name] for name in ("SC-20", "SC-190", "SX-1")}


@pytest.fixture
def few(monkeypatch, tmp_path):
    """A small catalogue that lacks nothing; hardware results go to a file of the test's own."""
    monkeypatch.setattr(scenarios, "catalogue", lambda: FEW)
    monkeypatch.setattr(scenarios, "gaps", lambda known: [])
    monkeypatch.setattr(scenarios, "HARDWARE", tmp_path / "results.json")
    return tmp_path / "results.json"


def test_nothing_is_missing():
    assert scenarios.gaps(KNOWN) == []


@pytest.mark.parametrize("rule", ["TH-4", "TO-10", "FX-12", "CP-13"])
def test_rule_without_scenario(rule):
    known = {n: replace(one, rules=tuple(r for r in one.rules if r != rule)) for n, one in KNOWN.items()}
    assert scenarios.gaps(known)[0].startswith("1 of ") and scenarios.gaps(known)[0].endswith(f"a scenario: {rule}")


def test_row_and_statement_without_scenario():
    known = {name: one for name, one in KNOWN.items() if name != "SC-159"}
    assert scenarios.gaps(known) == [
        "1 of 268 rules without a scenario: TK-30",
        "1 of 174 catalogue rows without a scenario: SC-159",
        "article, statement 54: nothing for TK-30",
        "guide, statement 47: nothing for TK-30",
        "guide, statement 48: nothing for TK-30, SC-159",
        "guide, statement 49: nothing for TK-30",
        "guide, statement 50: nothing for TK-30, SC-159",
    ]


def test_missing_rule_fails_the_command(few, monkeypatch, capsys):
    assert main(["scenarios"]) == 0
    monkeypatch.setattr(scenarios, "gaps", lambda known: ["1 of 268 rules without a scenario: TH-4"])
    assert main(["scenarios"]) == 1
    assert "without a scenario: TH-4" in capsys.readouterr().out
    assert main(["scenarios", "SX-1"]) == 0  # with names, completeness is not the question


def test_failing_scenario_fails_the_command(few, monkeypatch, capsys):
    broken = replace(FEW["SC-20"], never=("CALL",))
    monkeypatch.setattr(scenarios, "catalogue", lambda: FEW | {"SC-20": broken})
    assert main(["scenarios"]) == 1
    assert "FAIL  SC-20   wake nobody" in capsys.readouterr().out


def test_scenarios_of_a_rule(capsys):
    assert main(["scenarios", "--rules", "SX-1", "SX-4"]) == 0
    text = capsys.readouterr().out
    assert "\nTH-4   SX-1\n" in text and "\nCP-13  SX-4\n" in text and "\nQC-1   cheriot compare\n" in text


def test_hardware_beside(few, capsys):
    assert main(["scenarios"]) == 0
    assert "hardware" not in capsys.readouterr().out
    few.write_text(json.dumps({"SC-20": {"verdict": "pass", "cycles": 9, "events": 3}, "SX-1": {"verdict": "fail"}}))
    assert main(["scenarios"]) == 0
    text = capsys.readouterr().out
    assert "pass  hardware: pass      SC-20" in text and "pass  hardware: not run   SC-190" in text
    assert "on the hardware: 1 pass, 1 not run, 1 fail\n" in text


@pytest.mark.parametrize("content", ["{", '["SC-1"]', '{"SC-1": {"cycles": 1}}'])
def test_bad_results(few, content, capsys):
    few.write_text(content)
    assert main(["scenarios"]) == BAD_INPUT
    captured = capsys.readouterr()
    assert str(few) in captured.err and "run `cheriot check` again" in captured.err and captured.err.count("\n") == 1


def test_unknown_name(capsys):
    assert main(["scenarios", "SC-19"]) == BAD_INPUT
    assert "no scenario 'SC-19'; there are SC-1 to SX-5" in capsys.readouterr().err
