"""The page for newcomers, followed to the letter."""

import re
from pathlib import Path

import pytest

import rtos_model.services
from cosim.cli import main
from rtos_model.services.errors import ServiceModelError
from rtos_model.services.image import Compartment, SealedObject, Thread
from rtos_model.services.registry import link
from rtos_model.services.scenario import simple
from rtos_model.services.steps import Var, do

PAGE = (Path(rtos_model.services.__file__).parent / "README.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)
PYTHON = [text for language, text in BLOCKS if language == "python"]
PROMPT, FIRST, EXPECT, COMPARTMENTS = PYTHON
ANSWER, MISTAKES = [text for language, text in BLOCKS if language == "text"]


def play(tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "patience.py").write_text(text)
    return main(["scenarios", "patience.py", "--log"])


def test_prompt(capsys):
    exec(PROMPT, {})
    assert capsys.readouterr().out.splitlines()[-1] == "LIB T queue_receive -110"


def test_first_scenario(tmp_path, monkeypatch, capsys):
    assert play(tmp_path, monkeypatch, FIRST) == 0
    text = capsys.readouterr().out
    assert "pass  SX-100  who is patient gets the lock  [LK-1 LK-2]" in text and "BLOCK H main.lock ticks:5" in text


def test_expected_lines(tmp_path, monkeypatch, capsys):
    """The one line that is missing is told; with it the scenario passes."""
    lines = EXPECT.removeprefix('    words=["lock"],\n')
    wanted = FIRST.replace("# the globals: 4 bytes each, zero\n)", f"\n{lines})")
    assert wanted != FIRST
    assert play(tmp_path, monkeypatch, wanted) == 1
    assert ANSWER.strip() in capsys.readouterr().out
    wanted = wanted.replace("    BLOCK L sleep", "    BLOCK H sleep ticks:1\n    BLOCK L sleep")
    assert play(tmp_path, monkeypatch, wanted) == 0


def test_compartments(tmp_path, monkeypatch, capsys):
    assert play(tmp_path, monkeypatch, COMPARTMENTS) == 0
    assert "pass  SX-101  lent, not given" in capsys.readouterr().out


def test_mistakes():
    wrong = (
        lambda: simple("SX-0", "x", "", {"H": (do("flaglock_lok", Var("lock")),)}),
        lambda: link(compartments=[Compartment(name="main")], threads=[Thread(name="H", compartment="main", entry="H")],
                     program={}),
        lambda: simple("SX-0", "x", "", {"H": ()},
                       sealed=[SealedObject(name="s", owner="main", key="K", contents=bytes(4))]),
    )  # fmt: skip
    for make, line in zip(wrong, MISTAKES.splitlines(), strict=False):
        with pytest.raises(ServiceModelError, match=re.escape(line)):
            make()
