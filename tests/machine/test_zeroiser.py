"""The stack zeroiser of the golden machine: what starts it, what it leaves, what it must not do."""

from dataclasses import replace

import pytest

from rtl.config import BENCH
from rtos_model.machine.agenda import Disagreement
from rtos_model.machine.capability import ROOT_MEMORY, ROOT_SEALING, Perm
from rtos_model.machine.value import capability, number

CONFIG = replace(BENCH, core=replace(BENCH.core, zeroiser=True))
AREA = 0x8000_8000
GRANULES = 8
TOP = AREA + 8 * GRANULES
PIECE = ROOT_MEMORY.with_address(AREA).with_bounds(8 * GRANULES, exact=True).with_address(TOP)
WRITE, READ = ("cspecialrw", 0, 27, 5), ("cspecialrw", 6, 27, 0)
CAPABILITY = number(ROOT_MEMORY)
ODD = ROOT_MEMORY.with_address(AREA + 4).with_bounds(60, exact=True)


def line(machine, address):
    return machine.memory.load_capability(address)


@pytest.fixture
def filled(bench):
    """A machine that writes a capability to ZTOPC and reads it, with memory full of capabilities."""

    def make(cap, *more):
        b = bench(WRITE, READ, *more, config=CONFIG)
        for place in range(-2, GRANULES + 2):
            b.machine.memory.store_capability(AREA + 8 * place, CAPABILITY)
        b.machine.csrs.limit, b.machine.csrs.mark = AREA - 64, TOP + 64
        b.set(5, cap)
        return b

    return make


@pytest.mark.parametrize("granules", range(1, GRANULES + 1))
def test_everything_between_base_and_address_is_zeroed_and_nothing_else(filled, granules):
    start = AREA + 8 * granules
    b = filled(PIECE.with_address(start))
    record = b.step()
    stored = number(PIECE.with_address(start))
    assert (record["scr_tag"], record["scr_address"]) == (1, stored & 0xFFFF_FFFF)
    for place in range(-2, GRANULES + 2):
        expected = 0 if 0 <= place < granules else CAPABILITY
        assert line(b.machine, AREA + 8 * place) == expected, place
    assert b.step()["rd_tag"] == 0
    assert b.get(6) == number(PIECE.with_address(AREA).without_tag())
    assert b.machine.csrs.mark == TOP + 64, "the stack mark does not see it"


NOT_STARTED = {  # what is written, and whether its tag stays
    "nothing to do": (PIECE.with_address(AREA), 0),
    "sealed": (PIECE.seal(ROOT_SEALING.with_address(12)), 1),
    "no permission to store": (PIECE.with_permissions(0xFFF & ~Perm.SD), 1),
    "untagged": (PIECE.without_tag(), 0),
    "null": (0, 0),
    "an integer": (0x1234, 0),
    "address is odd": (PIECE.with_address(TOP - 4), 1),
    "base is odd": (ODD.with_address(AREA + 64), 1),
    "above the top": (ROOT_MEMORY.with_address(AREA).with_bounds(8, exact=True).with_address(AREA + 16), 1),
}


@pytest.mark.parametrize("name", NOT_STARTED)
def test_what_does_not_start(filled, name):
    cap, tag = NOT_STARTED[name]
    b = filled(cap)
    b.step()
    value = b.machine.registers[5]
    assert b.step()["rd_tag"] == tag
    assert b.get(6) == value & ~(1 << 64) | tag << 64
    assert all(line(b.machine, AREA + 8 * place) == CAPABILITY for place in range(GRANULES))


def test_without_one_the_register_is_illegal(bench):
    for instruction in (WRITE, READ):
        record = bench(instruction).step()
        assert (record["trap"], record["cause"], record["mtval"]) == (1, 2, 0)


def test_it_needs_the_permission_for_system_registers(filled):
    b = filled(PIECE)
    pcc = capability(b.machine.pcc.at(b.base))
    b.machine.install(number(pcc.with_permissions(0xFFF & ~Perm.SR)))
    record = b.step()
    assert (record["cause"], record["mtval"]) == (28, 0x400 | 27 << 5 | 0x18)
    assert line(b.machine, AREA) == CAPABILITY


def test_a_refused_store_ends_it_and_shows(filled):
    low = ROOT_MEMORY.with_address(BENCH.ram.base - 32).with_bounds(64, exact=True)
    b = filled(low.with_address(BENCH.ram.base + 16))
    b.machine.memory.place(AREA, b"".join(b.encoded(word) for word in (WRITE, READ)))
    b.machine.pc = AREA
    b.step()
    b.step()
    assert b.get(6) == number(low.with_address(BENCH.ram.base).without_tag())


def followed(filled, cap):
    """A machine that follows another one, in the middle of zeroing."""
    b = filled(cap, ("clc", 7, 0, 9))
    b.machine.agenda.observed = 0
    b.step()
    return b


def test_progress_shows_in_order_and_any_write_ends_it(filled):
    b = followed(filled, PIECE)
    b.machine.follow_zeroing(TOP - 8, 5)
    assert b.step()["rd_tag"] == 1
    assert b.get(6) == number(PIECE.with_address(TOP - 8))
    with pytest.raises(Disagreement, match="next is 0x80008030"):
        b.machine.follow_zeroing(TOP - 24, 6)
    b.machine.write_ztopc(0)
    with pytest.raises(Disagreement, match="none to zero"):
        b.machine.follow_zeroing(TOP - 16, 7)
    assert line(b.machine, TOP - 16) == CAPABILITY and line(b.machine, TOP - 8) == 0


@pytest.mark.parametrize("address, early", [(AREA - 8, False), (AREA, True), (TOP - 16, True), (TOP - 8, False)])
def test_an_access_that_should_have_waited_is_a_disagreement(filled, address, early):
    machines = []
    for _ in range(2):
        b = followed(filled, PIECE)
        b.set(9, ROOT_MEMORY.with_address(address))
        b.machine.follow_zeroing(TOP - 8, 5)
        b.step()
        machines.append(b)
    record = machines[0].machine.step()
    if early:
        with pytest.raises(Disagreement, match="did not wait"):
            machines[1].machine.follow(record)
    else:
        assert machines[1].machine.follow(record) == record
