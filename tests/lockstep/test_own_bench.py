"""The example of a cocotb test of one's own works as it is shown, and fails when the program does."""

import subprocess
import sys
from pathlib import Path

import pytest

from cosim.cli import main

OWN = Path(__file__).parent / "own"
pytestmark = [pytest.mark.sim, pytest.mark.slow]


def test_example(tmp_path):
    assert main(["verilog", "-o", str(tmp_path)]) == 0
    image = tmp_path / "hello.bin"
    assert main(["asm", "--flat", str(OWN / "hello.S"), "-o", str(image)]) == 0
    command = [sys.executable, OWN / "hello_runner.py", tmp_path / "cheriot_safe.v", image, tmp_path / "build"]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    image.write_bytes(image.read_bytes().replace(b"\x93\x05\x90\x06", b"\x93\x05\xa0\x06"))  # 'j' instead of 'i'
    assert subprocess.run(command, capture_output=True).returncode == 1
