"""`cheriot new`: the project builds, its test passes, and nothing is overwritten."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cosim.build import ROOT
from cosim.cli import main


def test_an_existing_folder_is_left_alone(tmp_path, capsys):
    (tmp_path / "mine.c").write_text("int x;")
    assert main(["new", str(tmp_path)]) == 252
    assert "exists and is not an empty folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.c"]


def test_program_runs_on_the_golden_machine(tmp_path, capsys):
    folder = tmp_path / "project"
    assert main(["new", str(folder)]) == 0
    printed = capsys.readouterr().out
    assert "cheriot cc main.c -o program.elf" in printed and "cheriot run program.elf" in printed
    image = folder / "program.elf"
    assert main(["cc", str(folder / "main.c"), "-o", str(image)]) == 0
    assert main(["run", "--model", str(image)]) == 0
    assert capsys.readouterr().out.endswith("gcd(1071, 462) = 21\n")


@pytest.mark.sim
@pytest.mark.parametrize("options", [[], ["--compartments"]], ids=["program", "compartments"])
def test_its_tests_pass(tmp_path, options):
    """On a simulator that is there already."""
    folder = tmp_path / "project"
    assert main(["new", str(folder), *options]) == 0
    (folder / "sim_build").symlink_to(Path("sim_build").absolute())
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and "2 passed" in done.stdout, done.stdout + done.stderr
