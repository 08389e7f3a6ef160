"""Random programs on the RTL; and what becomes of one that fails."""

from dataclasses import replace

import pytest

from cosim.campaign import Checker, campaign
from cosim.image import load_program
from cosim.run import Verdict, run_model
from cosim.simulator import Simulator
from cosim.soc_design import build_soc
from rtl.config import SAFE, complete
from rtos_model.machine.semantics.capability import CAP

pytestmark = pytest.mark.sim
PROGRAMS = 60


@pytest.fixture
def checker(tmp_path):
    build = build_soc(SAFE)
    with Checker(lambda: Simulator(build, tmp_path / "run"), SAFE) as found:
        yield found


def test_core_and_golden_machine_agree(checker, seed, tmp_path):
    checked = 0
    for number, outcome, failure in campaign(checker, range(1000 * seed, 1000 * seed + PROGRAMS), tmp_path):
        assert failure is None, f"seed {number}: {failure.text}\n{failure.source.read_text()}"
        assert outcome.result.state_compared and outcome.result.checked > 1000
        checked += outcome.result.checked
    print(f"{PROGRAMS} programs from seed {1000 * seed} on, {checked} instructions checked")


def test_core_with_options_and_golden_machine_agree_when_memories_are_slow(seed, tmp_path):
    slow = replace(complete(SAFE), wait_states=seed + 1)
    build = build_soc(slow)
    with Checker(lambda: Simulator(build, tmp_path / "run"), slow) as checker:
        for number, _, failure in campaign(checker, range(1000 * seed, 1000 * seed + PROGRAMS), tmp_path):
            assert failure is None, f"seed {number}: {failure.text}\n{failure.source.read_text()}"


def test_a_failing_program_is_made_small_and_saved(checker, monkeypatch, tmp_path):
    """The mistake is in the golden machine here, which is quicker to change than the core."""
    right = CAP["setboundsexact"]
    monkeypatch.setitem(CAP, "setboundsexact", lambda a, b: right(a, b) ^ 1 << 41)
    # The programs themselves come from the generator, which has the mistake too: that changes what they are.
    failures = (failure for _, _, failure in campaign(checker, range(20), tmp_path, items=25) if failure)
    found = next(failures)
    assert found.failure == "mismatch of rd_meta" and found.items == 1
    assert found.source.parent == tmp_path and "csetboundsexact" in found.source.read_text()
    assert "csetboundsexact" in found.text and found.repeat in found.text
    image = found.source.with_suffix(".elf")
    assert found.repeat == f"cheriot run {image} --profile safe"
    result = run_model(SAFE, load_program(image, SAFE))
    assert (result.verdict, result.program_code) == (Verdict.EXIT, 0)
