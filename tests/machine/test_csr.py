"""CSRs and special capability registers. Expectations are written out from the tables of the CHERIoT ISA."""

from dataclasses import replace

import pytest

from rtl.config import BASE_EXTENSIONS, BENCH
from rtos_model.machine.capability import ROOT_EXECUTABLE, ROOT_MEMORY, ROOT_SEALING, Perm
from rtos_model.machine.value import number

# number: (readable without SR, reset, what reads back after writing all ones; None where it cannot be written)
REGISTERS = {
    0x300: (False, 0x1800, 0x1888),
    0x301: (False, 0x4080_1014, 0x4080_1014),
    0x304: (False, 0, 0x888),
    0x320: (False, 0, 5),
    0x340: (False, 0, 0xFFFF_FFFF),
    0x342: (False, 0, 0x8000_001F),
    0x343: (False, 0, 0xFFFF_FFFF),
    0xB80: (True, 0, 0xFFFF_FFFF),
    0xB82: (True, 0, 0xFFFF_FFFF),
    0xBC1: (False, 0, 0xFFFF_FFF0),
    0xBC2: (False, 0, 0xFFFF_FFF0),
    0xF11: (False, 0, None),
    0xF12: (False, 0, None),
    0xF13: (False, 0, None),
    0xF14: (False, 0, None),
}
OTHERS = (0x344, 0xB00, 0xB02)
"""Registers whose value moves by itself."""


@pytest.mark.parametrize("csr", REGISTERS, ids=hex)
def test_reset_value_and_writable_bits(bench, csr):
    _, reset, after = REGISTERS[csr]
    b = bench(("csrrs", 5, csr, 0), ("csrrw", 5, csr, 6), ("csrrs", 7, csr, 0))
    b.set(6, 0xFFFF_FFFF)
    assert b.step()["rd_address"] == reset
    record = b.step()
    if after is None:
        assert (record["cause"], record["mtval"]) == (2, 0)
    else:
        assert record["csr_wdata"] == after
        assert b.step()["rd_address"] == after


def with_extensions(*names):
    return replace(BENCH, core=replace(BENCH.core, extensions=(*BASE_EXTENSIONS, *names)))


@pytest.mark.parametrize(
    "extensions, misa",
    [
        (("Zba", "Zbb", "Zbs"), 0x4080_1016),
        (("Zbs", "Zbkb", "Zba", "Zbb"), 0x4080_1016),
        (("Zba", "Zbb"), 0x4080_1014),
        (("Zbkb", "Zbkc"), 0x4080_1014),
    ],
)
def test_misa_has_b_if_all_three_parts_are_there(bench, extensions, misa):
    assert bench(("csrrs", 5, 0x301, 0), config=with_extensions(*extensions)).step()["rd_address"] == misa


@pytest.mark.parametrize("extensions, legal", [((), False), (("Zba",), False), (("Zbb",), True), (("Zbkb",), True)])
def test_an_instruction_of_an_absent_extension_is_illegal(bench, extensions, legal):
    record = bench(("rol", 5, 8, 8), config=with_extensions(*extensions)).step()
    assert (record["trap"], record["cause"], record["mtval"]) == ((0, 0, 0) if legal else (1, 2, 0))


def outcomes(bench, instruction, pcc):
    """The trap (cause, mtval), or None, of an instruction for each CSR number."""
    b = bench()
    for csr in range(0x1000):
        b.machine.memory.place(b.base, b.encoded(instruction(csr)))
        b.machine.pc = b.base
        b.machine.install(number(pcc))
        b.machine.pcc.forget(b.base // 8)
        record = b.step()
        yield csr, (record["cause"], record["mtval"]) if record["trap"] else None


def test_which_registers_exist(bench):
    for csr, trap in outcomes(bench, lambda csr: ("csrrs", 5, csr, 0), ROOT_EXECUTABLE):
        assert trap == (None if csr in REGISTERS or csr in OTHERS else (2, 0)), hex(csr)


def test_what_is_readable_without_system_registers(bench):
    plain = ROOT_EXECUTABLE.with_permissions(0xFFF & ~Perm.SR)
    for csr, trap in outcomes(bench, lambda csr: ("csrrs", 5, csr, 0), plain):
        exists = csr in REGISTERS or csr in OTHERS
        free = csr in (0xB00, 0xB02, 0xB80, 0xB82)
        assert trap == (None if free else (28, 0x418) if exists else (2, 0)), hex(csr)


def test_nothing_is_writable_without_system_registers(bench):
    plain = ROOT_EXECUTABLE.with_permissions(0xFFF & ~Perm.SR)
    for csr, trap in outcomes(bench, lambda csr: ("csrrw", 0, csr, 0), plain):
        exists = csr in REGISTERS or csr in OTHERS
        assert trap == ((28, 0x418) if exists and csr >> 10 != 3 else (2, 0)), hex(csr)


def test_set_and_clear(bench):
    b = bench(
        *(("csrrw", 0, 0x340, 5), ("csrrs", 6, 0x340, 7), ("csrrc", 6, 0x340, 8), ("csrrsi", 6, 0x340, 0)),
        *(("csrrwi", 6, 0x340, 21), ("csrrci", 6, 0x340, 5), ("csrrs", 6, 0x340, 0), ("csrrs", 6, 0x340, 6)),
    )
    b.set(5, 0x0F0F)
    b.set(7, 0xF000_0001)
    b.set(8, 0x000F)
    records = b.steps(8)
    assert [record["rd_address"] for record in records[1:]] == [
        *(0x0F0F, 0xF000_0F0F, 0xF000_0F00, 0xF000_0F00, 21, 16, 16)
    ]
    assert [record["csr_write"] for record in records] == [1, 1, 1, 0, 1, 1, 0, 1]
    assert records[-1]["csr_wdata"] == 16


def test_set_with_a_register_that_holds_zero_writes(bench):
    """Whether a read-only register is written is told by the operand field, not by its value."""
    assert bench(("csrrs", 5, 0xF14, 6)).trap() == (2, 0)
    assert not bench(("csrrs", 5, 0xF14, 0)).step()["trap"]
    assert not bench(("csrrsi", 5, 0xF14, 0)).step()["trap"]
    assert bench(("csrrwi", 5, 0xF14, 0)).trap() == (2, 0)


def test_results_are_integers(bench):
    b = bench(("csrrw", 5, 0x340, 6))
    b.set(5, ROOT_MEMORY)
    b.set(6, ROOT_MEMORY.with_address(3))
    b.step()
    assert b.get(5) == 0 and b.machine.csrs.read(0x340, 0) == 3


def test_retired_instructions(bench):
    """A trap does not count; an instruction that writes the counter does not either."""
    b = bench(
        *(("addi", 0, 0, 0), ("csrrs", 5, 0xB02, 0), ("csrrwi", 6, 0xB02, 20), ("csrrs", 5, 0xB02, 0)),
        *(("csrrwi", 6, 0x320, 4), ("csrrs", 5, 0xB02, 0), ("csrrwi", 6, 0x320, 0), ("csrrs", 5, 0xB02, 0)),
    )
    records = b.steps(8)
    assert records[1]["rd_address"] == 1
    assert (records[2]["rd_address"], records[2]["csr_wdata"]) == (2, 20)
    assert records[3]["rd_address"] == 20
    assert records[5]["rd_address"] == 22, "the instruction that stops the counter still counts"
    assert records[7]["rd_address"] == 22, "the one that starts it does not"
    trapped = bench(("ecall",))
    trapped.step()
    assert trapped.machine.csrs.retired == 0


def test_cycle_counter_follows_the_clock(bench):
    b = bench(
        *(("csrrs", 5, 0xB00, 0), ("csrrw", 5, 0xB00, 6), ("csrrs", 5, 0xB00, 0), ("csrrw", 5, 0xB80, 7)),
        *(("csrrs", 5, 0xB00, 0), ("csrrs", 5, 0xB80, 0)),
    )
    b.set(6, 0xFFFF_FFFE)
    b.set(7, 41)
    values = []
    for clock in (10, 11, 14, 15, 16, 18):
        b.machine.time.now = clock
        values.append(b.step()["rd_address"])
    assert values == [10, 11, 1, 1, 3, 41]


def test_stopped_cycle_counter(bench):
    b = bench(
        *(("csrrwi", 0, 0x320, 1), ("csrrs", 5, 0xB00, 0), ("csrrwi", 0, 0xB00, 9), ("csrrs", 5, 0xB00, 0)),
        *(("csrrwi", 0, 0x320, 0), ("csrrs", 5, 0xB00, 0)),
    )
    values = []
    for clock in (10, 20, 30, 40, 50, 60):
        b.machine.time.now = clock
        values.append(b.step()["rd_address"])
    assert values == [0, 11, 0, 9, 0, 18], "a change of mcountinhibit acts from the next clock on"


SPECIAL = {28: ROOT_EXECUTABLE, 29: ROOT_MEMORY, 30: ROOT_SEALING, 31: ROOT_EXECUTABLE}


@pytest.mark.parametrize("scr", range(32))
def test_special_capability_registers(bench, scr):
    b = bench(("cspecialrw", 5, scr, 6), ("cspecialrw", 7, scr, 0), ("cspecialrw", 7, scr, 7))
    b.machine.scrs[28] = number(ROOT_EXECUTABLE)
    b.set(6, ROOT_MEMORY.with_address(6))
    if scr not in SPECIAL:
        assert b.trap() == (2, 0)
        return
    b.steps(3)
    kept = {28: ROOT_MEMORY.with_address(4).without_tag(), 31: ROOT_MEMORY.with_address(6).without_tag()}
    assert b.get(5) == number(SPECIAL[scr])
    assert b.get(7) == b.machine.scrs[scr] == number(kept.get(scr, ROOT_MEMORY.with_address(6)))


@pytest.mark.parametrize("scr, align", [(28, 4), (31, 2)])
def test_what_becomes_pcc_must_be_aligned_unsealed_and_executable(bench, scr, align):
    good = ROOT_EXECUTABLE.with_address(8)
    for value, tag in (
        (good, 1),
        (good.with_address(8 + align), 1),
        (good.with_address(9), 0),
        (good.with_address(8 + align // 2), 0),
        (good.seal(ROOT_SEALING.with_address(1)), 0),
        (good.with_permissions(0xFFF & ~Perm.EX), 0),
        (good.with_permissions(0xFFF & ~Perm.SR), 1),
    ):
        b = bench(("cspecialrw", 0, scr, 6))
        b.set(6, value)
        b.step()
        found = b.machine.scrs[scr]
        assert found >> 64 == tag and found % 2**64 == number(value) % 2**64 - value.address % align


def test_special_registers_need_the_permission_also_to_be_read(bench):
    for scr in SPECIAL:
        b = bench(("cspecialrw", 5, scr, 0))
        b.machine.install(number(ROOT_EXECUTABLE.with_permissions(0xFFF & ~Perm.SR)))
        assert b.trap() == (28, (0x20 | scr) << 5 | 0x18)
