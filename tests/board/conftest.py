"""Programs given as assembly text."""

import pytest

from cosim.image import linked_program
from cosim.toolchain.program import build_program


@pytest.fixture
def assembled(tmp_path):
    """A program from assembly text, linked for a system."""

    def make(text, config):
        source = tmp_path / "program.S"
        source.write_text('.include "platform.inc"\n.globl _start\n_start:\n' + text)
        return linked_program("program", build_program([source], config))

    return make
