"""The worked vectors, and machines that run a few instructions written as table rows with operand values."""

from dataclasses import replace
from pathlib import Path

import pytest

from rtl.config import BENCH, SAFE
from rtl.isa.table import BY_NAME, encode
from rtos_model.machine.capability import ROOT_MEMORY
from rtos_model.machine.commit import unpack
from rtos_model.machine.machine import Machine
from rtos_model.machine.value import number

HANDLER = 0x100
"""Offset from the start of RAM at which every test machine's trap handler, an endless loop, is."""


def pytest_generate_tests(metafunc):
    """A test with an argument `vector_X` runs once for each vector of group X, with its columns as strings."""
    lines = (Path(__file__).parent / "vectors.txt").read_text().splitlines()
    rows = [line.split(" | ") for line in lines if line and not line.startswith("#")]
    for argument in metafunc.fixturenames:
        if argument.startswith("vector_"):
            group = argument.removeprefix("vector_")
            chosen = [row for row in rows if row[0][0] == group]
            metafunc.parametrize(argument, [row[1:] for row in chosen], ids=[row[0] for row in chosen])


class Bench:
    """A machine at the start of RAM with the memory root in c8 and its trap handler in place.

    `words` are 32-bit words, halfwords as strings ("8082"), or rows: ("addi", rd, rs1, imm) in assembly order.
    """

    def __init__(self, *words, config=BENCH):
        self.base = config.ram.base
        image = b"".join(self.encoded(word) for word in words)
        loop = self.encoded(("cjal", 0, 0))
        self.machine = Machine(config, [(self.base, image), (self.base + HANDLER, loop)], entry=self.base)
        self.machine.scrs[28] = self.machine.pcc.at(self.base + HANDLER)
        self.set(8, ROOT_MEMORY)

    @staticmethod
    def encoded(word) -> bytes:
        if isinstance(word, str):
            return int(word, 16).to_bytes(2, "little")
        return (word if isinstance(word, int) else encode(BY_NAME[word[0]], *word[1:])).to_bytes(4, "little")

    def set(self, register, value):
        """A register from a capability or an integer."""
        self.machine.registers[register] = value if isinstance(value, int) else number(value)

    def get(self, register):
        return self.machine.registers[register]

    def step(self):
        """One instruction; its record by field."""
        return unpack(self.machine.step())

    def steps(self, count):
        return [self.step() for _ in range(count)]

    def trap(self):
        """One instruction that must trap: (cause, mtval)."""
        record = self.step()
        assert record["trap"], record
        return record["cause"], record["mtval"]


@pytest.fixture
def bench():
    return Bench


@pytest.fixture
def full():
    """The configuration with every device."""
    return replace(SAFE, plic=0x1000_0000, revoker=0x1400_0000)
