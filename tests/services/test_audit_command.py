"""`cheriot audit`: report, policy and questions for a scenario or a Python file; one clear line for wrong use."""

import json

import pytest

from cosim.cli import main
from cosim.errors import BAD_INPUT
from rtos_model.services.scenario import catalogue

KNOWN = catalogue()
DESCRIPTION = """
from rtos_model.services.image import Compartment, DeviceImport, Export, SealedImport, Thread, quota
from rtos_model.services.registry import link

PROGRAM = {"app.main": ()}
IMAGE = link(
    compartments=[Compartment(name="app", exports=(Export(name="main"),), imports=(IMPORTS))],
    threads=[Thread(name="T", compartment="app", entry="main")],
    program=PROGRAM,
    sealed_objects=[quota("memory", 1024)],
)
"""


def described(tmp_path, imports="", text=DESCRIPTION):
    path = tmp_path / "system.py"
    path.write_text(text.replace("IMPORTS", imports))
    return str(path)


def test_scenario(capsys):
    assert main(["audit", "SC-159"]) == 0
    text = capsys.readouterr().out
    for line in (
        "policy of the RTOS: holds",
        "report and grants agree",
        "  main: 4,096 bytes, 40 bytes",
        "  together 8,232 of a heap of 65,536 bytes",
        "  revoker: allocator",
        "  main: net_gate.HostKey 6578616d 706c652e",
        f"  main.H: {KNOWN['SC-159'].image.threads[0].stack:,} and 384",
        "  token.token_obj_unseal_static: net_gate",
    ):
        assert line in text


def test_report_as_json(tmp_path, capsys):
    assert main(["audit", "SC-159", "--json", "-"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert set(printed) == {"compartments", "core", "file", "final_hash", "sharedObjects", "threads"}
    assert main(["audit", "SC-159", "--json", str(tmp_path / "report.json")]) == 0
    assert json.loads((tmp_path / "report.json").read_text()) == printed


def test_python_file(tmp_path, capsys):
    path = described(tmp_path, 'SealedImport(sealed="memory"),')
    assert main(["audit", path]) == 0
    assert "  app: 1,024 bytes" in capsys.readouterr().out


def test_policy_that_is_broken(tmp_path, capsys):
    path = described(tmp_path, 'DeviceImport(device="revoker", permissions="R"),')
    assert main(["audit", path, "--users", "revoker"]) == 1
    text = capsys.readouterr().out
    assert "policy of the RTOS: BROKEN\n  app reaches the revoker" in text
    assert "revoker can be touched by: allocator, app" in text


def test_questions(capsys):
    assert main(["audit", "SC-159", "--callers", "net_gate.net_lookup", "--callers", "scheduler.futex_wake"]) == 0
    text = capsys.readouterr().out
    assert "net_gate.net_lookup can be called by: main\n" in text
    assert "scheduler.futex_wake can be called by: allocator, message_queue" in text
    assert "stack" not in text


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["SC-999"], "no scenario 'SC-999', no file either"),
        (["nowhere.py"], "nowhere.py: no such file"),
        (["system.ini"], "system.ini: a description is a TOML file, a Python file (.py)"),
        (["SC-159", "--callers", "net_gate.knock"], "no such export; there are net_gate.net_connect, net_gate.net_loo"),
        (["SC-159", "--users", "fridge"], "--users fridge: no such device; there are revoker"),
        (["SC-159", "--json", "/nowhere/at/all.json"], "/nowhere/at/all.json: No such file or directory; name a file"),
    ],
)
def test_wrong_use(arguments, message, capsys):
    assert main(["audit", *arguments]) == BAD_INPUT
    captured = capsys.readouterr()
    assert message in captured.err and captured.err.count("\n") == 1


@pytest.mark.parametrize(
    "text, message",
    [
        ("x = 1", "has no IMAGE (a rtos_model.services.image.Image) and no SCENARIO; add one of them"),
        ("x = (", "line 1: '(' was never closed"),
        ("x = 1 / 0", "running it fails with ZeroDivisionError: division by zero"),
        (DESCRIPTION.replace('"app.main": ()', '"app.other": ()').replace('entry="main"', 'entry="other"'), "not exp"),
        (DESCRIPTION.replace("IMPORTS", 'SealedImport(sealed="nothing"),'), "sealed object 'nothing' is not declared"),
    ],
)
def test_bad_python_file(text, message, tmp_path, capsys):
    assert main(["audit", described(tmp_path, text=text)]) == BAD_INPUT
    captured = capsys.readouterr()
    assert message in captured.err and captured.err.count("\n") == 1
