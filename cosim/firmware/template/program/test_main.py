"""Runs the program on the generated core, every instruction checked against the golden machine."""

from pathlib import Path

import pytest

from cosim.c_on_rtl import OnRtl

MAIN = Path(__file__).with_name("main.c")


@pytest.fixture(scope="module")
def core(tmp_path_factory):
    with OnRtl(tmp_path_factory.mktemp("run")) as run:
        yield run


def test_it_calculates(core):
    outcome = core(MAIN)
    assert outcome.output == "gcd(1071, 462) = 21\n"
    assert outcome.code == 0


def test_an_overflow_traps(core):
    """CHERI fault (mcause 28), cause 1: outside of the bounds. Exit code 253: nobody handled it."""
    outcome = core(MAIN, defines={"OVERFLOW": "1"})
    assert "mcause 28, mtval 0x" in outcome.output and "in main:" in outcome.output
    assert outcome.code == 253
