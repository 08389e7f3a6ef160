"""Every scenario as firmware on the core: in lockstep, and event by event as on the golden services."""

import pytest

from cosim.check import AUDIT, PASS, Check
from cosim.simulator import OnDemand, Simulator
from cosim.soc_design import build_soc
from cosim.toolchain.steps.program import firmware
from rtl.config import SAFE
from rtos_model.services.scenario import catalogue

pytestmark = pytest.mark.sim
KNOWN = catalogue()


@pytest.fixture(scope="module")
def check(tmp_path_factory):
    """One simulator for all scenarios of a worker."""
    folder = tmp_path_factory.mktemp("core")
    with OnDemand(lambda: Simulator(build_soc(SAFE), folder)) as simulator:
        yield Check(firmware, simulator)


@pytest.mark.parametrize("name", KNOWN)
def test_scenario(check, name):
    found = check.check(KNOWN[name], f"cheriot check {name}")
    assert found.verdict == PASS, "\n".join(found.text)
    assert found.instructions > 10_000 and (found.events > 0 or name == AUDIT)
