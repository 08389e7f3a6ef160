"""The command `cheriot random`, without a simulator."""

import pytest

from cosim.cli import main
from cosim.errors import BAD_INPUT
from rtl.isa.table import INSNS


def test_measures_on_the_golden_machine(capsys):
    assert main(["random", "--model", "--programs", "3", "--seed", "7", "--items", "40"]) == 0
    text = capsys.readouterr().out
    assert "3 random programs, seeds 7 to 9, on the golden machine" in text
    assert "through a tagged capability" in text and f"{len(INSNS)}" not in text.splitlines()[0]


@pytest.mark.parametrize(
    "options, words",
    [
        (["--programs", "0"], "--programs and --items must be at least 1"),
        (["--items", "-3"], "--programs and --items must be at least 1"),
        (["--profile", "moon"], 'no profile "moon"'),
        (["--model", "--programs", "1", "--items", "5000"], "--items 5000: "),
    ],
)
def test_bad_options_get_one_line(options, words, capsys):
    assert main(["random", *options]) == BAD_INPUT
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("cheriot: error: ") and words in line
