"""Records: packing agrees with the places of the fields, and each kind of instruction fills what applies to it."""

import pytest

from rtl.isa.commit import FIELDS, PLACES, WORDS
from rtos_model.machine.capability import ROOT_EXECUTABLE, ROOT_MEMORY, ROOT_SEALING
from rtos_model.machine.commit import joined, pack, unpack
from rtos_model.machine.value import number

EXECUTABLE = 0x5E3E_0000
MEMORY = 0x7E3E_0000


def test_pack_and_unpack_agree_with_the_places(rng):
    for _ in range(200):
        values = {name: rng.getrandbits(width) for name, width in FIELDS.items()}
        record = pack(**values)
        assert len(record) == len(WORDS) and all(word < 1 << 64 for word in record)
        assert unpack(record) == values
        for name, (index, lowest, width) in PLACES.items():
            assert record[index] >> lowest & (1 << width) - 1 == values[name]


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_takes_its_width_and_no_more(name):
    full = (1 << FIELDS[name]) - 1
    assert unpack(pack(**{name: full})) == dict.fromkeys(FIELDS, 0) | {name: full}
    with pytest.raises(ValueError, match=name):
        pack(**{name: full + 1})


def test_joined_adds_fields():
    assert joined(pack(pc=3, rd=1), pack(insn=7, cause=5)) == pack(pc=3, rd=1, insn=7, cause=5)


def nonzero(record):
    return {name: value for name, value in record.items() if value}


BASE = 0x8000_0000


def test_integer_instruction(bench):
    b = bench(("add", 10, 11, 12), "95b2")  # the second one is c.add a1, a2
    b.set(11, 7)
    b.set(12, ROOT_MEMORY.with_address(5))
    assert nonzero(b.step()) == {
        **{"pc": BASE, "insn": 0x00C5_8533, "next_pc": BASE + 4},
        **{"rd": 10, "rd_address": 12, "rs1": 11, "rs1_address": 7},
        **{"rs2": 12, "rs2_address": 5, "rs2_meta": MEMORY, "rs2_tag": 1},
    }
    compressed = b.step()
    assert (compressed["clock"], compressed["compressed"], compressed["insn"]) == (1, 1, 0x95B2)
    assert (compressed["rd"], compressed["rs1"], compressed["rs2"], compressed["rd_address"]) == (11, 11, 12, 12)


def test_write_to_register_zero_and_hint(bench):
    b = bench(("addi", 0, 11, 1), "0501", ("auicgp", 10, 0))
    b.set(11, 7)
    assert nonzero(b.step()) == {
        **{"pc": BASE, "insn": 0x0015_8013, "next_pc": BASE + 4, "rs1": 11, "rs1_address": 7}
    }
    assert nonzero(b.step()) == {"clock": 1, "compressed": 1, "pc": BASE + 4, "insn": 0x0501, "next_pc": BASE + 6}
    record = b.step()
    assert (record["rd"], record["rs1"]) == (10, 0), "the globals register is no operand"


def test_load_and_store(bench):
    b = bench(("csc", 9, 8, 10), ("clc", 11, 8, 10), ("sb", 12, 3, 10), ("lb", 13, 3, 10))
    b.set(9, ROOT_SEALING)
    b.set(10, ROOT_MEMORY.with_address(0x8000_1000))
    b.set(12, 0x1FF)
    store, load, byte, signed = b.steps(4)
    assert (store["mem_address"], store["mem_wmask"], store["mem_wdata"]) == (0x8000_1008, 0xFF, 0x4E3E_0000 << 32)
    assert (store["mem_wtag"], store["mem_rmask"], store["rd"], store["rs1"], store["rs2"]) == (1, 0, 0, 10, 9)
    assert (load["mem_address"], load["mem_rmask"], load["mem_rdata"]) == (0x8000_1008, 0xFF, 0x4E3E_0000 << 32)
    assert (load["mem_rtag"], load["rd_tag"], load["rd_meta"], load["mem_wmask"]) == (1, 1, 0x4E3E_0000, 0)
    assert (byte["mem_address"], byte["mem_wmask"], byte["mem_wdata"]) == (0x8000_1003, 1, 0xFF)
    assert (signed["mem_rmask"], signed["mem_rdata"], signed["rd_address"]) == (1, 0xFF, 0xFFFF_FFFF)


def test_raw_memory_is_before_attenuation_and_after_the_local_rule(bench):
    b = bench(("csc", 9, 0, 10), ("clc", 11, 0, 12))
    b.set(9, ROOT_MEMORY.with_permissions(0xFFE))
    place = ROOT_MEMORY.with_address(0x8000_1000)
    b.set(10, place.with_permissions(0x7F & ~0x10))  # no SL
    b.machine.memory.store_capability(0x8000_1008, number(ROOT_MEMORY))
    b.set(12, place.with_address(0x8000_1008).with_permissions(0x7F & ~0x0A))  # no LG, no LM
    store, load = b.steps(2)
    assert (store["mem_wtag"], store["rs2_tag"]) == (0, 1)
    assert (load["mem_rdata"] >> 32, load["mem_rtag"]) == (MEMORY, 1)
    assert load["rd_meta"] != MEMORY and load["rd_tag"] == 1


def test_csr_and_scr(bench):
    b = bench(("csrrw", 9, 0x342, 10), ("csrrs", 9, 0x342, 0), ("csrrsi", 9, 0x342, 4), ("cspecialrw", 9, 28, 11))
    b.set(10, 0xFFFF_FFFF)
    b.set(11, ROOT_EXECUTABLE.with_address(0x8000_0006))
    write, read, immediate, special = b.steps(4)
    assert (write["csr"], write["csr_write"], write["csr_wdata"], write["rs1"]) == (0x342, 1, 0x8000_001F, 10)
    assert (read["csr"], read["csr_write"], read["csr_wdata"], read["rd_address"]) == (0x342, 0, 0, 0x8000_001F)
    assert (immediate["csr_write"], immediate["rs1"]) == (1, 0)
    assert (special["scr"], special["scr_write"], special["scr_tag"]) == (28, 1, 0)
    assert (special["scr_address"], special["scr_meta"]) == (0x8000_0004, EXECUTABLE)


def test_jump_and_trap(bench):
    b = bench(("cjalr", 1, 4, 10), ("ecall",))
    b.set(10, ROOT_EXECUTABLE.with_address(BASE))
    jump, trap = b.steps(2)
    assert (jump["pcc_write"], jump["pcc_tag"], jump["pcc_meta"], jump["next_pc"]) == (1, 1, EXECUTABLE, BASE + 4)
    assert (jump["pcc_base"], jump["pcc_top"]) == (0, 1 << 32)
    assert (jump["rd"], jump["rd_address"], jump["rd_meta"]) == (1, BASE + 4, EXECUTABLE | 4 << 22)
    assert nonzero(trap) == {
        **{"clock": 1, "trap": 1, "pc": BASE + 4, "insn": 0x73, "next_pc": BASE + 0x100, "cause": 11},
        **{"mepcc_tag": 1, "mepcc_meta": EXECUTABLE},
        **{"pcc_write": 1, "pcc_tag": 1, "pcc_meta": EXECUTABLE, "pcc_top": 1 << 32},
    }


def test_untagged_pcc_has_no_bounds(bench):
    b = bench(("mret",), ("addi", 0, 0, 0))
    b.machine.scrs[31] = number(ROOT_EXECUTABLE.with_address(BASE + 4).without_tag())
    leave, fetch = b.steps(2)
    assert (leave["pcc_write"], leave["pcc_tag"], leave["pcc_meta"]) == (1, 0, EXECUTABLE)
    assert (leave["pcc_base"], leave["pcc_top"], leave["mpie"]) == (0, 0, 1)
    assert (fetch["trap"], fetch["insn"], fetch["mtval"], fetch["mepcc_tag"]) == (1, 0, 0x402, 0)


def test_stack_mark_and_illegal_halfword(bench):
    b = bench(("sw", 0, 0, 10), "0000")
    b.machine.csrs.mark, b.machine.csrs.limit = 0x8000_2000, 0x8000_1000
    b.set(10, ROOT_MEMORY.with_address(0x8000_1234))
    store, trap = b.steps(2)
    assert store["mshwm"] == trap["mshwm"] == 0x8000_1230
    assert (trap["cause"], trap["compressed"], trap["insn"], trap["mtval"]) == (2, 1, 0, 0)
