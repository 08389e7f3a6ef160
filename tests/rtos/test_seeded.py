"""Seeded faults of the firmware: every edit fits its source, and the comparison notices what it changes."""

from dataclasses import replace

import pytest

from cosim.cli import main
from cosim.commands import faults
from cosim.errors import BAD_INPUT, UserError
from cosim.seeded import FAULTS, planted
from rtos_model.services.scenario import catalogue

FAMILIES = ("E-SW-", "E-HEAP-", "E-SCH-")


def test_every_erratum_has_a_fault():
    assert len(FAULTS) >= 20
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert {fault.erratum for fault in FAULTS} == {
        *(f"E-SW-{n}" for n in range(1, 7)),
        *(f"E-HEAP-{n}" for n in range(1, 10)),
        *(f"E-SCH-{n}" for n in range(1, 7)),
    }


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "-"))
def test_edit_fits(fault):
    assert fault.scenario in catalogue()
    with planted(fault) as sources:
        assert any(fault.new in source.path.with_name(fault.file).read_text() for source in sources[fault.unit])


@pytest.mark.parametrize("name", ["E-SW-2", "E-HEAP-9", "E-SCH-1"])
def test_fault_is_noticed(name, capsys):
    assert main(["faults", name]) == 0
    assert "1 of 1 faults noticed" in capsys.readouterr().out


def test_harmless_edit_is_not_noticed(monkeypatch, capsys):
    """The comparison itself is not what fails."""
    fault = next(one for one in FAULTS if one.erratum == "E-HEAP-9")
    monkeypatch.setattr(faults, "FAULTS", (replace(fault, new=fault.old + " "),))
    assert main(["faults"]) == faults.MISSED
    assert "NOT NOTICED" in capsys.readouterr().out


def test_edit_that_does_not_fit():
    fault = replace(FAULTS[0], old="nothing like this")
    with pytest.raises(UserError, match="must fit once"), planted(fault):
        pass


def test_unknown_name(capsys):
    assert main(["faults", "E-XY"]) == BAD_INPUT
    assert "no fault has 'E-XY'" in capsys.readouterr().err
