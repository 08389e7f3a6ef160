"""`cheriot board`: what it writes and what it refuses."""

import json

import pytest

from cosim.board.check import complaints
from cosim.board.describe import as_text, board
from cosim.board.reader import read_board
from cosim.cli import main
from rtl.config import PROFILES, SAFE, profile


@pytest.fixture
def file(tmp_path):
    def write(text, name="board.json"):
        path = tmp_path / name
        path.write_text(text if isinstance(text, str) else json.dumps(text))
        return path

    return write


@pytest.mark.parametrize("name", [*PROFILES, "safe+zb"])
def test_what_is_written_fits(name, tmp_path, capsys):
    path = tmp_path / "it.json"
    assert main(["board", "--profile", name, "-o", str(path)]) == 0
    assert main(["board", "--profile", name, "--check", str(path)]) == 0
    assert f"fits profile {name}" in capsys.readouterr().out
    assert read_board(path) == board(profile(name))


def test_contents():
    """Against the example of the platform specification, but for the UART's interrupt, which is a level here."""
    found = board(SAFE)
    assert found["devices"]["uart"] == {"start": 0x8F00_B000, "length": 0x100}
    assert found["devices"]["shadow"] == {"start": 0x200F_E000, "length": 0x1000}
    assert found["instruction_memory"] == {"start": 0x2004_0000, "end": 0x2008_0000}
    assert found["interrupts"] == [
        {"name": "RevokerInterrupt", "number": 1, "priority": 2, "edge_triggered": True},
        {"name": "UARTInterrupt", "number": 2, "priority": 3},
    ]
    assert (found["timer_hz"], found["tickrate_hz"], found["simulation"]) == (100_000, 10, True)
    assert "cpu" not in found and board(profile("safe+zb"))["cpu"] == "cheriot-ibex"
    hardware = board(PROFILES["fpga64"])
    assert hardware["driver_includes"][0].endswith("/synopsis") and "simulation" not in hardware
    assert (hardware["timer_hz"], hardware["tickrate_hz"]) == (25_000_000, 100)
    assert hardware["heap"] == {"end": 0x2005_0000} and hardware["devices"]["shadow"]["length"] == 0x400
    assert '"start": 0x8f00b000' in as_text(found)


WRONG = {
    "devices.uart.start": (0x8F00_C000, "devices.uart: 0x8f00c000..0x8f00c100, but in profile safe it is at 0x8f00b0"),
    "devices.uart.length": (0x200, "devices.uart: 0x8f00b000..0x8f00b200, but"),
    "devices.plic.length": (0, "devices.plic: 0x10000000..0x10000000 is empty"),
    "devices.revoker.start": (0xFFFF_FFF8, "devices.revoker: 0xfffffff8..0x100000ff8 runs past the 32-bit address"),
    "devices.clint.start": (0x1400_1004, "whole 8-byte lines"),
    "devices.mine": ({"start": 0x5000_0000, "length": 8}, "devices.mine: nothing answers at 0x50000000"),
    "devices.shadow.length": (0x800, "devices.shadow: 0x800 bytes; a heap up to 0x20080000 needs 0x1000"),
    "devices.shadow": ({"start": 0x200F_E000}, 'either "end" or "length"'),
    "devices.second": ({"start": 0x8F00_B080, "length": 8}, "overlaps devices.uart"),
    "instruction_memory.end": (0x2008_0008, "instruction_memory: 0x20040000..0x20080008 is not inside of RAM"),
    "instruction_memory.start": (0x2004_0100, "programs start at 0x20040000"),
    "heap.end": (0x2008_0008, "heap.end: 0x20080008 is not in the memory"),
    "heap": ({}, "heap.end: must be a number"),
    "revokable_memory_start": (0x2000_0000, "the load filter counts from 0x20040000"),
    "interrupts.0.number": (3, "nothing is wired to number 3"),
    "interrupts.0.edge_triggered": (False, "is a pulse: edge_triggered must be true"),
    "interrupts.1.edge_triggered": (True, "is a level: it must not be edge_triggered"),
    "interrupts.1.number": (1, "interrupts.1 (UARTInterrupt): has number 2, not 1"),
    "interrupts.1.priority": (9, "priority 9; must be 1 to 7"),
    "interrupts": ([], "needs one called RevokerInterrupt"),
    "timer_hz": (0, "tickrate_hz: 10; must be from 1 to timer_hz"),
    "defines": ([], "MICROSOFT_CHERIOT_SAFE must be among them"),
    "revoker": ("magic", "revoker: 'magic'; must be hardware, software or left out"),
    "cpu": ("cheriot-ibex", "need Zba, Zbb, Zbs, Zbkb, Zbkc, which profile safe has not"),
}


@pytest.mark.parametrize("place", WRONG)
def test_what_is_wrong_is_one_line(place, file, capsys):
    value, words = WRONG[place]
    description = json.loads(json.dumps(board(SAFE)))
    *way, last = place.split(".")
    inner = description
    for step in way:
        inner = inner[int(step)] if isinstance(inner, list) else inner[step]
    inner[last] = value
    path = file(description)
    assert main(["board", "--check", str(path)]) == 252
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and err.startswith(f"cheriot: error: {path}: ") and words in err


@pytest.mark.parametrize(
    "name, place, value, words",
    [
        ("sail", "revoker", "hardware", "profile sail has none; use software"),
        ("sail", "defines", ["MICROSOFT_CHERIOT_SAFE"], "must not be among them"),
        ("fpga64", "timer_hz", 33_000_000, "the timer advances 25000000 times a second"),
        ("fpga64", "heap", {"end": 0x2008_0000}, "not in the memory"),
    ],
)
def test_other_profiles(name, place, value, words):
    found = list(complaints({**board(PROFILES[name]), place: value}, PROFILES[name]))
    assert len(found) == 1 and words in found[0]


def test_patches_and_mixins(file):
    base = file('{ "timer_hz": 0xA, "interrupts": [ { "name": "0x5" } ], "defines": ["a", "b"] }', "mine.json")
    patch = file(
        {
            "base": "mine",
            "patch": [
                {"op": "add", "path": "/interrupts/-", "value": {"name": "last"}},
                {"op": "add", "path": "/interrupts/0", "value": {"name": "first"}},
                {"op": "replace", "path": "/defines/1", "value": "c"},
                {"op": "remove", "path": "/defines/0"},
                {"op": "replace", "path": "/cpu", "value": "cheriot"},
            ],
        },
        "other.patch",
    )
    again = file({"base": "other", "patch": [{"op": "remove", "path": "/cpu"}]}, "again.patch")
    mixin = file([{"op": "replace", "path": "/timer_hz", "value": 7}], "mixin.json")
    assert read_board(base)["timer_hz"] == 10
    found = read_board(patch)
    assert [each["name"] for each in found["interrupts"]] == ["first", "0x5", "last"]
    assert (found["defines"], found["cpu"]) == (["c"], "cheriot")
    del found["cpu"]
    assert read_board(again, [mixin]) == found | {"timer_hz": 7}


@pytest.mark.parametrize(
    "text, words",
    [
        ('{\n "timer_hz": 0xZ }', ":2: not a board description"),
        ("[]", "must be one object"),
        ('{"patch": []}', 'needs "base"'),
        ('{"base": "none", "patch": []}', 'no board "none" beside it (tried none, none.json, none.patch)'),
        ('{"base": "board", "patch": []}', "leads back to itself"),
        ('{"base": "good.json", "patch": [{"op": "move", "path": "/a"}]}', 'edit 0: needs "op"'),
        ('{"base": "good.json", "patch": [{"op": "add", "path": "/a"}]}', 'add needs a "value"'),
        ('{"base": "good.json", "patch": [{"op": "remove", "path": "/no/1"}]}', "there is no /no/1 to remove"),
        ('{"base": "good.json", "patch": [{"op": "replace", "path": "/l/3", "value": 1}]}', "no /l/3 to replace"),
        ("{}", "devices: missing"),
    ],
)
def test_damaged_descriptions(text, words, file, capsys):
    file('{"l": [1]}', "good.json")
    path = file(text)
    assert main(["board", "--check", str(path)]) == 252
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and words in err and str(path.parent) in err


def test_bad_options(tmp_path, capsys):
    kept = tmp_path / "kept.json"
    kept.write_text("precious")
    for arguments in (["--profile", "none", "-o", str(kept)], ["--mixin", "x"], ["--check", str(tmp_path / "no")]):
        assert main(["board", *arguments]) == 252
        assert capsys.readouterr().err.count("\n") == 1
    assert main(["board", "-o", str(tmp_path / "no" / "it")]) == 252
    assert kept.read_text() == "precious"
