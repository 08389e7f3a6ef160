"""The benchmark kernels on the core: checked, with the right result, and as fast as they must be."""

import pytest

from cosim.commands import bench as command
from cosim.errors import UserError
from cosim.kernels import Measured, geometric_mean, kernels, measured, table
from cosim.run import RunResult, Verdict, run_rtl
from cosim.yardstick import KERNELS, LARGEST_RATIO, MEAN_RATIO
from rtl.config import BENCH
from rtos_model.machine.devices.simctl import Marker, Register

WRONG = Measured("alu", 26_408, 27_000, 1)


@pytest.mark.sim
def test_kernels_are_right_and_within_the_yardstick(bench):
    rows = []
    for program in kernels(BENCH):
        result = run_rtl(bench, BENCH, program)
        assert result.difference is None and result.checked == result.instructions and result.state_compared
        rows.append(measured(program, result))
    print(table(rows))
    assert [row.complaint() for row in rows if row.complaint()] == []
    ratios = [row.ratio for row in rows]
    assert max(ratios) <= LARGEST_RATIO and geometric_mean(ratios) <= MEAN_RATIO


def test_a_wrong_result_is_told():
    assert "checksum 00000001, must be 26408 and 394040d7" in WRONG.complaint()
    right = KERNELS["alu"]
    assert Measured("alu", right.instructions, 1, right.checksum).complaint() == ""
    assert Measured("mine", 1, 1, 1).complaint() == ""


def test_the_command_fails_on_a_wrong_result(monkeypatch, capsys):
    monkeypatch.setattr(command, "build_soc", lambda *args, **more: None)
    monkeypatch.setattr(command, "Simulator", lambda *args: pytest.MonkeyPatch.context())
    monkeypatch.setattr(command, "run_rtl", lambda *args, **more: None)
    monkeypatch.setattr(command, "measured", lambda *args: WRONG)
    assert command.measure_kernels([]) == 1
    assert "must be 26408" in capsys.readouterr().out


def result(*markers, verdict=Verdict.EXIT, code=0):
    return RunResult(verdict, code, 100, 90, 1.0, b"", markers=list(markers))


def test_region_is_between_the_markers():
    program = kernels(BENCH)[0]
    found = [
        Marker(register=register, clock=clock, value=value)
        for register, clock, value in (
            (Register.START, 10, 0),
            (Register.STOP, 70, 0xABC),
            (Register.CYCLES, 80, 66),
            (Register.INSTRUCTIONS, 81, 42),
        )
    ]
    assert measured(program, result(*found)) == Measured("alu", 40, 60, 0xABC)
    with pytest.raises(UserError, match="no STOP marker"):
        measured(program, result(found[0], found[3]))
    with pytest.raises(UserError, match="exit code 3"):
        measured(program, result(*found, code=3))


def test_other_images_have_no_peers():
    lines = table([Measured("mine", 100, 150, 0)]).splitlines()
    assert lines[-1].split() == ["mine", "100", "150", "1.500"]
