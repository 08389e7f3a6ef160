"""Copies of a freed pointer die: the demo, random schedules, and what notices when they do not."""


import pytest

from cosim.cli import main
from cosim.demos import use_after_free as demo
from cosim.faults.planting import number_of
from cosim.image import linked_program
from cosim.races import PER_PROGRAM, campaign, play
from cosim.run import Verdict, run_model
from cosim.simulator import Simulator
from cosim.soc_design import build_soc
from cosim.stimulus.temporal import races
from rtl.config import SAFE, complete
from rtos_model.machine.revocation import LoadFilter


def test_demo_on_the_golden_machine(capsys):
    assert main(["demo", "use-after-free", "--model"]) == 0
    out = capsys.readouterr().out
    assert out.count("alive, works") == out.count("dead, use traps: tag") - 1 == len(demo.PLACES)
    assert out.count("dead when loaded, use traps: tag") == len(demo.PLACES) - 1


@pytest.mark.sim
def test_demo_on_the_core(capsys, monkeypatch):
    monkeypatch.setattr(demo, "SAMPLE", 2 * PER_PROGRAM)
    assert main(["demo", "use-after-free"]) == 0
    out = capsys.readouterr().out
    assert "each as on the golden machine; every copy died" in out and "20 schedules" in out


@pytest.mark.sim
def test_races_on_the_core(tmp_path, seed):
    with Simulator(build_soc(SAFE), tmp_path) as simulator:
        total, failure = campaign(simulator, SAFE, 15 * PER_PROGRAM, seed)
    print(total)
    assert failure == "" and total.schedules == 15 * PER_PROGRAM
    assert total.cleared > total.schedules, "the revoker has work to do"


def test_races_on_the_golden_machine(seed):
    for number in range(5):
        result = run_model(SAFE, linked_program("races", races(seed + number, SAFE, PER_PROGRAM)), max_cycles=50_000)
        assert (result.verdict, result.program_code) == (Verdict.EXIT, 0)


@pytest.mark.parametrize("broken", ["filtered", "sweep"])
def test_races_notice_what_does_not_work(broken, monkeypatch):
    """A golden machine without a load filter, and one whose sweeps clear nothing."""
    right = LoadFilter.filtered
    if broken == "filtered":
        monkeypatch.setattr(LoadFilter, "filtered", lambda self, value: value)
        monkeypatch.setattr(LoadFilter, "sweep", lambda self, block, address: sweep(self, block, address, right))
    else:
        monkeypatch.setattr(LoadFilter, "sweep", lambda self, block, address: False)
    codes = {
        run_model(SAFE, linked_program("races", races(number, SAFE, PER_PROGRAM)), max_cycles=50_000).program_code
        for number in range(3)
    }
    assert codes <= {1, 2} and codes


def sweep(load_filter, block, address, filtered):
    """What the revoker does with a filter of its own."""
    line = address - block.base >> 3
    block.lines[line] = filtered(load_filter, block.lines[line])
    return False


@pytest.mark.sim
@pytest.mark.slow
def test_races_notice_a_broken_core(tmp_path):
    """Without any comparison, by what the program finds."""
    config = complete(SAFE)
    with Simulator(build_soc(config, faults=True), tmp_path) as simulator:
        (race,) = play(simulator, config, [0], PER_PROGRAM, check=False, fault=number_of("load-filter"))
    assert race.failure.startswith(("a use did not fault", "a copy is alive"))


def test_bad_options_are_one_line(capsys):
    for arguments, words in (
        (["races", "--profile", "sail"], "profile sail has no background revoker"),
        (["races", "--schedules", "0"], "--schedules must be at least 1"),
        (["demo", "use-after-free", "--profile", "bench"], "profile bench has no background revoker"),
    ):
        assert main(arguments) == 252
        err = capsys.readouterr().err
        assert err.count("\n") == 1 and words in err
