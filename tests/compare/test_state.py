"""The comparison of final states: each part of the state, changed in one place, is reported."""

from dataclasses import replace

import pytest

from cosim.compare.state import differences, quiet, shortened, state_of
from rtl.config import BENCH
from rtos_model.machine.commit import pack
from rtos_model.machine.value import TAG


@pytest.fixture
def state(machine, records):
    for _ in records:
        machine.step()
    return state_of(machine)


def changed(mapping, key, bit=1):
    return {**mapping, key: mapping[key] ^ bit}


def with_line(state, index, bit):
    lines = list(state.memories["ram"])
    lines[index] ^= bit
    return replace(state, memories={"ram": lines})


def test_equal_states_have_no_difference(state):
    assert differences(state, state, BENCH.map()) == []


@pytest.mark.parametrize("number", range(1, 16))
@pytest.mark.parametrize("bit", [1, 1 << 32, TAG])
def test_registers(state, number, bit):
    registers = list(state.registers)
    registers[number] ^= bit
    (text,) = differences(replace(state, registers=registers), state, BENCH.map())
    assert text.startswith(f"register c{number}:")


def test_special_registers_and_csrs(state):
    for name in state.scrs:
        (text,) = differences(replace(state, scrs=changed(state.scrs, name, TAG)), state, BENCH.map())
        assert text.startswith(name)
    for name in state.csrs:
        (text,) = differences(replace(state, csrs=changed(state.csrs, name)), state, BENCH.map())
        assert text.startswith(name)


@pytest.mark.parametrize("bit", [1, 1 << 63, TAG])
def test_memory_and_tags(state, bit):
    (text,) = differences(with_line(state, 0x1000, bit), state, BENCH.map())
    assert "0x80008000" in text and ("tag 1" in text) == (bit == TAG)


def test_bitmap(state):
    bitmap = bytearray(state.bitmap)
    bitmap[5] ^= 1
    assert differences(replace(state, bitmap=bytes(bitmap)), state, BENCH.map()) == ["revocation bitmap, byte 0x5"]


def test_many_differences_are_counted():
    assert shortened(map(str, range(13)))[-1] == "... and 3 more"


def test_rest_means_no_effect_in_the_last_records(packed):
    rest = [pack(pc=4, insn=0xA001, next_pc=4)] * 40
    assert quiet(packed(rest))
    for effect in ("trap", "rd", "mem_wmask", "csr_write", "scr_write", "pcc_write"):
        assert not quiet(packed([*rest, pack(**{effect: 1}), *rest[:3]]))
