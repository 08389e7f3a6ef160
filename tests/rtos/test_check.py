"""Scenarios as firmware against the golden services: that they agree, and what is said when they do not."""

from dataclasses import replace
from pathlib import Path

import pytest

from cosim import check as check_module
from cosim.check import FAIL, PASS, Check
from cosim.cli import main
from cosim.commands import check as command
from cosim.toolchain.steps.program import firmware, generate
from cosim.toolchain.system.units import Source
from rtos_model.services.scenario import catalogue

KNOWN = catalogue()
AGREEING = ("SC-2", "SC-22", "SC-30", "SC-46", "SC-90", "SC-123", "SC-169", "SC-177")
"""Threads, futexes, inheritance, interrupts, queues, the revoker, error handlers, initialisers."""


def changed(old: str, new: str):
    """Firmware in which the generated code of `main` is not what it should be."""

    def build(scenario):
        text = generate(scenario.image, scenario.program).sources["main"][0].read()
        assert old in text
        return firmware(scenario, sources={"main": [Source(Path("main.c"), text.replace(old, new))]})

    return build


@pytest.mark.parametrize("name", AGREEING)
def test_agreement_on_the_golden_machine(name):
    found = Check(firmware).check(KNOWN[name], "repeat")
    assert (found.verdict, found.text) == (PASS, ())
    assert found.events == len(found.observed.log) > 4


def test_a_difference_is_shown_with_its_place():
    found = Check(changed("(uint32_t)((uintptr_t)0x1U)", "0")).check(KNOWN["SC-22"], "the command")
    text = "\n".join(found.text)
    assert found.verdict == FAIL and found.text[-1] == "repeat with: the command"
    assert "golden services: CALL L main scheduler futex_wake [cap(0:GgWmRc:4+0),1]" in text
    assert "observed:        CALL L main scheduler futex_wake [cap(0:GgWmRc:4+0),0]" in text
    assert "thread L in main.L" in text and "everybody sleeps for ever" in text


def test_a_check_that_fails_is_named():
    found = Check(changed("observe_expect(v_", "observe_expect(1 + v_")).check(KNOWN["SC-20"], "repeat")
    assert found.verdict == FAIL and any("is 1, expected 0" in line and "main.c:" in line for line in found.text)


def test_a_hang_is_noticed(monkeypatch):
    monkeypatch.setattr(check_module, "CYCLES", {True: 60_000, False: 60_000})
    found = Check(changed("return 0;", "for (;;);")).check(KNOWN["SC-20"], "repeat")
    assert found.verdict == FAIL and "the cycle limit was reached" in found.text[0]


def test_a_system_that_does_not_fit_is_no_crash():
    scenario = replace(KNOWN["SC-2"], image=replace(KNOWN["SC-2"].image, heap_size=262_144))
    found = command.attempt(Check(firmware), scenario, "the command", None)
    assert found.verdict == command.NOT_BUILT and "does not fit the memory" in found.text[0]


def test_names_are_checked(capsys):
    assert main(["check", "SC-999"]) == 252
    assert "no scenario 'SC-999'; there are SC-1 to" in capsys.readouterr().err
    assert main(["check", "--machine", "--waves", "x.vcd", "SC-2"]) == 252


def test_results_are_kept(tmp_path):
    path = tmp_path / "results.json"
    command.save(path, {"SC-1": command.Checked(PASS, 10, 5, 3)})
    command.save(path, {"SC-2": command.Checked(FAIL, 20, 5, 3)})
    assert path.read_text().count("verdict") == 2 and '"cycles": 20' in path.read_text()
