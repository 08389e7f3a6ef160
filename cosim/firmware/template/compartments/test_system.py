"""Builds the system and runs it on the generated core, every instruction checked against the golden machine."""

from pathlib import Path

import pytest

from cosim.c_on_rtl import OnRtl
from cosim.image import linked_program
from cosim.toolchain.system.description import read_system


@pytest.fixture(scope="module")
def system():
    return read_system(Path(__file__).with_name("system.toml")).build()


def test_a_fault_stays_where_it_happens(system, tmp_path):
    with OnRtl(tmp_path) as core:
        outcome = core.run(linked_program("system", system.image))
    assert outcome.output == "hello, world\nhello, hello, survivor\n"
    assert outcome.code == 0


def test_only_greeter_reaches_the_uart(system):
    compartments = system.report("system.elf")["compartments"]
    devices = {
        name
        for name, one in compartments.items()
        for grant in one.get("imports", [])
        if grant["kind"] == "MMIO" and grant["start"] == 0x8F00B000
    }
    assert devices == {"greeter"}
