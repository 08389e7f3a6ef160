"""Every deliberate fault is noticed by the programs of the demo; without one nothing differs."""

import pytest

from cosim.cli import main
from cosim.faults import FAULTS, number_of
from cosim.image import linked_program
from cosim.main_demo import MAX_CYCLES, RANDOM_PROGRAMS, run_random
from cosim.run import Verdict, run_rtl
from cosim.simulator import Simulator
from cosim.soc_design import build_soc
from cosim.toolchain.demo import demo_image
from rtl.config import SAFE

pytestmark = pytest.mark.sim


@pytest.fixture
def simulator(tmp_path):
    with Simulator(build_soc(SAFE, faults=True), tmp_path) as running:
        yield running


@pytest.fixture
def another(tmp_path):
    """A difference ends the simulator's process; the next program needs a new one."""
    with Simulator(build_soc(SAFE, faults=True), tmp_path / "another") as running:
        yield running


def test_the_design_with_faults_is_right_while_none_is_chosen(simulator):
    program = linked_program("demo", demo_image(SAFE))
    assert run_rtl(simulator, SAFE, program, max_cycles=MAX_CYCLES).verdict is Verdict.EXIT
    results, failed = run_random(simulator, SAFE, fault=0)
    assert failed is None and len(results) == RANDOM_PROGRAMS


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault_is_noticed(simulator, another, fault):
    number = number_of(fault.name)
    program = linked_program("demo", demo_image(SAFE))
    result = run_rtl(simulator, SAFE, program, max_cycles=MAX_CYCLES, fault=number)
    if result.verdict is Verdict.EXIT:
        _, failed = run_random(another, SAFE, fault=number)
        assert failed, f"nobody noticed that {fault.text}"
        result = failed[1]
    assert result.verdict is Verdict.MISMATCH


def test_an_unknown_fault_is_refused_with_the_names_there_are(capsys):
    assert main(["demo", "--break", "nothing"]) == 252
    assert FAULTS[0].name in capsys.readouterr().err
