"""Simulators of the systems, built once; programs given as assembly text."""

import pytest

from cosim.image import linked_program
from cosim.simulator import Simulator
from cosim.soc_design import build_soc
from cosim.toolchain.program import build_program
from rtl.config import BENCH, SAFE


@pytest.fixture
def assembled(tmp_path):
    """A program from assembly text, linked for a system."""

    def make(text, config=SAFE):
        source = tmp_path / "program.S"
        source.write_text('.include "platform.inc"\n.globl _start\n_start:\n' + text)
        return linked_program("program", build_program([source], config))

    return make


@pytest.fixture
def safe(tmp_path):
    with Simulator(build_soc(SAFE), tmp_path) as simulator:
        yield simulator


@pytest.fixture
def bench(tmp_path):
    with Simulator(build_soc(BENCH), tmp_path) as simulator:
        yield simulator
