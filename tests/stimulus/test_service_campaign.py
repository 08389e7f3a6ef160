"""Random systems: both sides agree on some, a planted difference is found, and findings become small and repeatable."""

from pathlib import Path

import pytest

from cosim import cli
from cosim.check import FAIL, PASS, Check, Checked
from cosim.errors import UserError
from cosim.service_campaign import FOLDER, attempt, campaign, load, save, steps
from cosim.simulator import Simulator
from cosim.soc_design import build_soc
from cosim.stimulus.services import scenario_of
from cosim.toolchain.steps.program import firmware
from cosim.toolchain.system.sources import Source
from rtl.config import SAFE
from rtos_model.services.steps import Do, GetCap, Imported, Limit, Repeat, Var, do, to_data, walk

STORES = {"T1": {"priority": 1, "body": to_data((do("helper.store", Var("word0"), 5, into="r"),))}}
ROUND = (
    Limit("limit", 1),
    do("queue_send", "limit", GetCap(Var("queue")), Var("word0")),
    do("futex_timed_wait", "limit", Var("word0"), 0, 0),
    do("heap_quota_remaining", Imported("quota")),
)
# Of equal priority: an interrupt that wrongly rotated their ring would show as a switch.
BUSY = {
    "T1": {"priority": 1, "body": to_data((Repeat(3, ROUND),))},
    "T2": {"priority": 1, "body": to_data((Repeat(3, ROUND),))},
}
INSTRUCTIONS_OF_AN_INTERRUPT = 100
BROKEN = """
#include <scenario.h>
_Alignas(8) uint8_t w_kept[8];
uintptr_t __cheri_compartment("helper") store(uintptr_t where, uintptr_t value)
{
	*(uint32_t *)where = (uint32_t)value + 1;
	return *(uint32_t *)where;
}
uintptr_t __cheri_compartment("helper") fault(void)
{
	return *(volatile uint32_t *)0;
}
"""


class Stub:
    """Disagrees whenever a thread frees something."""

    @staticmethod
    def check(scenario, repeat, inputs=()):
        calls = [
            record.function for body in scenario.program.values() for record in walk(body) if isinstance(record, Do)
        ]
        return Checked(FAIL if "heap_free" in calls else PASS, events=1)


def nothing(number, found):
    pass


def test_both_sides_agree_on_some():
    seen = []
    assert campaign(Check(firmware), 3, 7, lambda number, found: seen.append(found.events)) is None
    assert len(seen) == 3 and sum(seen) > 50


@pytest.mark.sim
def test_interrupts_at_random_instants_change_nothing(tmp_path):
    """They are taken, many of them, and the log is the same to the last event."""
    with Simulator(build_soc(SAFE), tmp_path) as simulator:
        check = Check(firmware, lambda: simulator)
        calm, interrupted = attempt(check, BUSY), attempt(check, BUSY, interrupts=True)
    assert (calm.verdict, interrupted.verdict) == (PASS, PASS), interrupted.text
    assert calm.events == interrupted.events > 20
    assert interrupted.instructions > calm.instructions + 10 * INSTRUCTIONS_OF_AN_INTERRUPT


def test_a_planted_difference_is_found():
    def broken(scenario):
        return firmware(scenario, sources={"helper": [Source(Path("helper.c"), BROKEN)]})

    assert attempt(Check(firmware), STORES).verdict == PASS
    found = attempt(Check(broken), STORES)
    assert found.verdict == FAIL and any("store 5" in line and "store 6" in line for line in found.text)


def test_a_finding_is_made_small():
    finding = campaign(Stub(), 200, 1, nothing)
    (thread,) = finding.data.values()
    assert [record.function for record in walk(steps(thread)) if isinstance(record, Do)] == ["heap_free"]
    assert len(steps(thread)) == 1


def test_the_same_seed_draws_the_same():
    seen = [[], []]
    for log in seen:

        class Records(Stub):
            def check(self, scenario, repeat, inputs=(), log=log):
                log.append(to_data(scenario.program["main.T1"]))
                return Checked(PASS)

        campaign(Records(), 20, 3, nothing)
    assert seen[0] == seen[1] and len(seen[0]) == 20


def test_a_saved_finding_runs_again(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    finding = campaign(Stub(), 200, 1, nothing)
    path = save(finding, 1)
    assert path == FOLDER / "seed-1.json" and load(path) == finding.data
    assert scenario_of(load(path), "again").program["main.T1"]
    assert cli.main(["campaign", "--replay", str(path), "--machine"]) == 0  # the true services agree on it
    assert "pass" in capsys.readouterr().out


@pytest.mark.parametrize("contents", ["{", '{"T1": {"priority": 1, "body": [{"is": "Dance"}]}}', '{"T1": 3}', "{}"])
def test_a_file_that_is_no_finding_is_refused(tmp_path, contents):
    path = tmp_path / "finding.json"
    path.write_text(contents)
    with pytest.raises(UserError, match="no system that"):
        load(path)
