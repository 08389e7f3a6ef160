"""Every deliberate fault is noticed by the programs that are meant for it; without one nothing differs."""

import pytest

from cosim.cli import main
from cosim.directed import DIRECTED, directed_program
from cosim.faults.planting import FAULTS, number_of
from cosim.image import linked_program
from cosim.main_demo import MAX_CYCLES, RANDOM_PROGRAMS, run_directed, run_random
from cosim.run import Verdict, run_model, run_rtl
from cosim.simulator import Simulator
from cosim.soc_design import build_soc
from cosim.toolchain.demo import demo_image
from rtl.config import SAFE, complete

pytestmark = pytest.mark.sim
CONFIG = complete(SAFE)


@pytest.fixture
def simulator(tmp_path):
    with Simulator(build_soc(CONFIG, faults=True), tmp_path) as running:
        yield running


@pytest.fixture
def another(tmp_path):
    """A difference ends the simulator's process; the next program needs a new one."""
    with Simulator(build_soc(CONFIG, faults=True), tmp_path / "another") as running:
        yield running


def test_the_design_with_faults_is_right_while_none_is_chosen(simulator):
    program = linked_program("demo", demo_image(CONFIG))
    assert run_rtl(simulator, CONFIG, program, max_cycles=MAX_CYCLES).verdict is Verdict.EXIT
    results, failed = run_random(simulator, CONFIG, fault=0)
    assert failed is None and len(results) == RANDOM_PROGRAMS


def test_directed_programs_agree_while_no_fault_is_chosen(simulator):
    for name in DIRECTED:
        result = run_directed(simulator, CONFIG, name, fault=0)
        assert (result.code, result.difference, result.state_compared) == (0, None, True), f"{name}: {result}"
        assert run_model(CONFIG, directed_program(name, CONFIG)).code == 0


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if not fault.program], ids=lambda fault: fault.name)
def test_fault_is_noticed(simulator, another, fault):
    number = number_of(fault.name)
    program = linked_program("demo", demo_image(CONFIG))
    result = run_rtl(simulator, CONFIG, program, max_cycles=MAX_CYCLES, fault=number)
    if result.verdict is Verdict.EXIT:
        _, failed = run_random(another, CONFIG, fault=number)
        assert failed, f"nobody noticed that {fault.text}"
        result = failed[1]
    assert result.verdict is Verdict.MISMATCH


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.program], ids=lambda fault: fault.name)
def test_fault_is_noticed_by_its_directed_program(simulator, fault):
    result = run_directed(simulator, CONFIG, fault.program, number_of(fault.name))
    noticed = Verdict.LOCKUP if fault.name == "sweep-hangs" else Verdict.MISMATCH
    assert result.verdict is noticed, f"{fault.program} did not notice that {fault.text}"
    print(result.difference)


def test_an_unknown_fault_is_refused_with_the_names_there_are(capsys):
    assert main(["demo", "--break", "nothing"]) == 252
    assert FAULTS[0].name in capsys.readouterr().err
