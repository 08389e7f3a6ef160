"""Jumps, sentries, PCC and traps. Source of the expectations: CHERIoT ISA, "Control flow" and "Exceptions"."""

import pytest

from rtos_model.machine.capability import ROOT_EXECUTABLE, ROOT_MEMORY, ROOT_SEALING, Perm
from rtos_model.machine.value import capability, number

BASE = 0x8000_0000
OK, MIE_OFF, MIE_ON, SEAL = "ok", "off", "on", "seal"
# The table of the specification: rows are (cd, cs1), columns the otype of an executable target.
ACCEPTED = {
    (0, 1): (SEAL, SEAL, SEAL, SEAL, MIE_OFF, MIE_ON, SEAL, SEAL),
    (1, 1): (OK, OK, MIE_OFF, MIE_ON, SEAL, SEAL, SEAL, SEAL),
    (1, 9): (OK, OK, MIE_OFF, MIE_ON, SEAL, SEAL, SEAL, SEAL),
    (0, 9): (OK, OK, SEAL, SEAL, SEAL, SEAL, SEAL, SEAL),
    (5, 9): (OK, OK, SEAL, SEAL, SEAL, SEAL, SEAL, SEAL),
    (5, 1): (OK, OK, SEAL, SEAL, SEAL, SEAL, SEAL, SEAL),
}


def sealed(cap, otype):
    return cap.seal(ROOT_SEALING.with_address(otype)) if otype else cap


@pytest.mark.parametrize("mie", [0, 1])
@pytest.mark.parametrize("otype", range(8))
@pytest.mark.parametrize("cd, cs1", ACCEPTED)
def test_which_jump_accepts_which_sentry(bench, cd, cs1, otype, mie):
    b = bench(("cjalr", cd, 0, cs1))
    b.machine.csrs.mie = mie
    target = ROOT_EXECUTABLE.with_address(BASE + 0x40).with_bounds(0x40)
    b.set(cs1, sealed(target, otype))
    expected = ACCEPTED[cd, cs1][otype]
    record = b.step()
    if expected is SEAL:
        assert (record["cause"], record["mtval"]) == (28, cs1 << 5 | 3)
        assert b.machine.scrs[31] == number(ROOT_EXECUTABLE.with_address(BASE)) and not b.machine.csrs.mie
        assert b.machine.csrs.mpie == mie and b.get(cd) in (0, number(sealed(target, otype)))
        return
    assert not record["trap"]
    assert b.machine.csrs.mie == {OK: mie, MIE_OFF: 0, MIE_ON: 1}[expected]
    assert (b.machine.pc, b.machine.pcc.base, b.machine.pcc.top) == (BASE + 0x40, BASE + 0x40, BASE + 0x80)
    assert not capability(b.machine.pcc.at(BASE + 0x40)).sealed
    if cd:
        link = capability(b.get(cd))
        assert (link.tag, link.address, link.bounds()) == (True, BASE + 4, (0, 1 << 32))
        assert link.otype == ((5 if mie else 4) if cd == 1 else 0)


def test_order_of_jump_checks(bench):
    data, code = ROOT_MEMORY.with_address(BASE), ROOT_EXECUTABLE.with_address(BASE)
    for target, code_wanted in (
        (sealed(data, 9).without_tag(), 0x02),
        (sealed(data, 9), 0x03),
        (data, 0x11),
        (sealed(code, 1).without_tag(), 0x02),
    ):
        b = bench(("cjalr", 5, 0, 9))
        b.set(9, target)
        assert b.trap() == (28, 9 << 5 | code_wanted)


def test_sealed_target_with_an_immediate_faults(bench):
    b = bench(("cjalr", 1, 4, 9))
    b.set(9, sealed(ROOT_EXECUTABLE.with_address(BASE), 1))
    assert b.trap() == (28, 9 << 5 | 0x03)


def test_target_is_halfword_aligned_and_wraps(bench):
    b = bench(("cjalr", 5, -1, 9))
    b.set(9, ROOT_EXECUTABLE.with_address(BASE + 4))
    assert b.step()["next_pc"] == BASE + 2
    b = bench(("cjalr", 5, -2, 9))
    b.set(9, ROOT_EXECUTABLE)
    assert b.step()["next_pc"] == 0xFFFF_FFFE


def test_jump_reads_its_target_before_linking(bench):
    b = bench(("cjalr", 9, 0, 9))
    b.set(9, ROOT_EXECUTABLE.with_address(BASE + 0x40))
    assert b.step()["next_pc"] == BASE + 0x40 and b.get(9) % 2**32 == BASE + 4


def test_compressed_link_is_two_bytes_further(bench):
    b = bench("2001")  # c.cjal +0
    record = b.step()
    assert (record["next_pc"], record["rd"], record["rd_address"]) == (BASE, 1, BASE + 2)


def test_bounds_of_pcc_are_frozen_at_its_own_address(bench):
    """Jump with an immediate out of the bounds: the fetch faults, with the new PCC, and MEPCC loses its tag."""
    b = bench(("cjalr", 0, 64, 9))
    b.set(9, ROOT_EXECUTABLE.with_address(BASE + 0x40).with_bounds(0x40))
    jump, fetch = b.steps(2)
    assert (jump["trap"], jump["next_pc"], jump["pcc_top"]) == (0, BASE + 0x80, BASE + 0x80)
    assert (fetch["cause"], fetch["mtval"], fetch["pc"], fetch["mepcc_tag"]) == (28, 0x401, BASE + 0x80, 0)
    assert capability(b.machine.scrs[31]).address == BASE + 0x80


def test_fetch_needs_each_half_in_bounds(bench):
    b = bench(("cjalr", 0, 0, 9), "0001", ("addi", 1, 1, 1))
    b.set(9, ROOT_EXECUTABLE.with_address(BASE + 4).with_bounds(4))
    b.step()
    hint, second = b.steps(2)
    assert hint["compressed"] and not hint["trap"]
    assert (second["cause"], second["mtval"], second["pc"]) == (28, 0x401, BASE + 6), "MEPCC is the start"


def test_bus_error_beats_bounds_of_the_second_half(bench):
    b = bench(("cjalr", 0, 0, 9))
    b.set(9, ROOT_EXECUTABLE.with_address(0x4000_0000).with_bounds(2))
    _, fetch = b.steps(2)
    assert (fetch["cause"], fetch["mtval"]) == (1, 0x4000_0000)


def test_bus_error_in_the_second_half_tells_its_address(bench):
    b = bench()
    end = b.machine.config.ram.end
    b.machine.memory.place(end - 2, b"\x13\x00")
    b.machine.pc = end - 2
    fetch = b.step()
    assert (fetch["cause"], fetch["mtval"], fetch["pc"], fetch["insn"]) == (1, end, end - 2, 0)
    assert fetch["mepcc_tag"] == 1


def test_devices_are_not_executable(bench):
    b = bench()
    b.machine.pc = b.machine.config.uart
    assert b.trap() == (1, b.machine.config.uart)


def test_relative_capabilities_shift_by_eleven(bench):
    b = bench(("auipcc", 5, 1), ("auicgp", 6, -1))
    b.set(3, ROOT_MEMORY.with_address(0x8000_1000))
    b.steps(2)
    assert b.get(5) == number(ROOT_EXECUTABLE.with_address(BASE + 0x800))
    assert b.get(6) == number(ROOT_MEMORY.with_address(0x8000_0800))


def test_auipcc_loses_the_tag_where_pcc_is_not_representable(bench):
    b = bench(("cjalr", 0, 0, 9), ("auipcc", 5, 1))
    b.set(9, ROOT_EXECUTABLE.with_address(BASE + 4).with_bounds(4))
    b.steps(2)
    assert b.get(5) >> 64 == 0 and b.get(5) % 2**32 == BASE + 4 + 0x800


def test_wild_branch_then_trap_clears_the_tag(bench):
    """DEC-12, and the rule for fetch bounds: a branch checks nothing, the fetch behind it faults."""
    b = bench(("cjalr", 0, 0, 9), ("beq", 0, 0, 0x800))
    b.set(9, ROOT_EXECUTABLE.with_address(BASE + 4).with_bounds(4))
    _, branch, fetch = b.steps(3)
    assert (branch["trap"], branch["next_pc"]) == (0, BASE + 0x804)
    assert (fetch["mtval"], fetch["mepcc_tag"], fetch["pc"]) == (0x401, 0, BASE + 0x804)


def test_mret_swaps_interrupt_enables_and_needs_sr(bench):
    b = bench(("mret",))
    b.machine.csrs.mpie = 1
    b.machine.scrs[31] = number(ROOT_EXECUTABLE.with_address(BASE + 0x40).with_bounds(0x10))
    record = b.step()
    assert (record["mie"], record["mpie"], record["next_pc"]) == (1, 1, BASE + 0x40)
    assert (b.machine.pcc.base, b.machine.pcc.top) == (BASE + 0x40, BASE + 0x50)
    b = bench(("mret",))
    b.machine.install(number(ROOT_EXECUTABLE.with_permissions(0xFFF & ~Perm.SR)))
    assert b.trap() == (28, 0x418)


def test_trap_entry_saves_and_disables(bench):
    b = bench(("ebreak",))
    b.machine.csrs.mie = 1
    record = b.step()
    assert (record["cause"], record["mtval"], record["mie"], record["mpie"]) == (3, BASE, 0, 1)
    assert b.machine.csrs.read(0x342, 0) == 3 and b.machine.csrs.read(0x343, 0) == BASE
    assert b.machine.pc == BASE + 0x100 and b.machine.csrs.retired == 0


MISSING = [("addi", 0, 17, 1), ("addi", 17, 0, 1), ("sw", 31, 0, 10), ("csrrw", 0, 0x340, 20), "87c2"]


@pytest.mark.parametrize("word", MISSING)
def test_missing_registers_are_illegal_before_anything_else(bench, word):
    """DEC-1; the last one is c.mv a5, x16."""
    b = bench(word)
    assert b.trap() == (2, 0)
    assert b.machine.csrs.read(0x340, 0) == 0


def test_fields_that_are_no_registers_are_not_checked(bench):
    b = bench(("slli", 5, 5, 31), ("csrrwi", 0, 0x340, 31), 0x8330_0F8F, 0xFFFF_9F8F, "0a02")  # fences; c.slli x20, 0
    assert not any(record["trap"] for record in b.steps(5))


def test_hints_leave_capabilities_alone(bench):
    """DEC-9: c.slli a0, 0 and c.addi a0, 0 are no-ops, not integer operations."""
    b = bench("0502", "0501")
    b.set(10, ROOT_MEMORY)
    b.steps(2)
    assert b.get(10) == number(ROOT_MEMORY)


@pytest.mark.parametrize("narrow", [lambda vector: vector.without_tag(), lambda vector: vector.with_bounds(2)])
def test_lockup_when_the_handler_cannot_be_fetched(bench, narrow):
    """DEC-13."""
    b = bench(("ecall",))
    b.machine.scrs[28] = number(narrow(capability(b.machine.scrs[28])))
    assert b.machine.run(100) == 2 and b.machine.lockup


def test_a_fetch_fault_with_a_working_handler_is_no_lockup(bench):
    b = bench(("cjalr", 0, 0, 9))
    b.set(9, ROOT_EXECUTABLE.with_bounds(2))
    assert b.machine.run(100) == 100 and not b.machine.lockup


def test_code_that_changes_is_decoded_again(bench):
    b = bench(("sw", 10, 8, 9), ("fence.i",), ("addi", 5, 0, 1), ("cjal", 0, -4), ("addi", 6, 0, 1))
    b.set(9, ROOT_MEMORY.with_address(BASE))
    b.set(10, int.from_bytes(bench.encoded(("cjal", 0, 8)), "little"))
    b.machine.pc = BASE + 8
    b.steps(1)
    b.machine.pc = BASE
    b.steps(4)
    assert (b.get(5), b.get(6)) == (1, 1)


def test_a_word_across_two_lines_is_decoded_again(bench):
    """The 32-bit instruction at offset 6 lies in two 8-byte lines; the second one is overwritten."""
    b = bench(("sh", 10, 8, 9), "0001", ("lui", 5, 1), "0001")
    b.set(9, ROOT_MEMORY.with_address(BASE))
    b.machine.run(3)
    b.set(10, 2)
    b.machine.pc = BASE
    b.machine.run(3)
    assert b.get(5) == 0x2_1000


def test_pc_wraps_at_the_end_of_the_address_space(bench):
    b = bench()
    b.machine.pc = 0xFFFF_FFFE
    assert b.trap() == (1, 0xFFFF_FFFE)
