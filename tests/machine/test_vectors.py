"""Worked vectors that need a whole machine, and those of the encodings."""

import re

import pytest

from rtl.config import BASE_EXTENSIONS
from rtl.isa.csr import CSR_BY_NAME, SCRS
from rtos_model.machine.capability import ROOT_EXECUTABLE, ROOT_MEMORY, Cap, Perm
from rtos_model.machine.instruction import decode
from rtos_model.machine.value import capability, number

PLACE = 0x8000_2000


def words(text):
    return Cap.from_words(*(int(word, 0) for word in text.split()))


def test_load_attenuation_and_filter(vector_F, bench):
    authority, loaded, revoked, result, permissions = vector_F
    b = bench(("clc", 10, 0, 9))
    b.set(9, ROOT_MEMORY.with_address(PLACE).with_permissions(int(authority, 0)))
    raw = words(loaded)
    b.machine.memory.store_capability(PLACE, number(raw))
    offset = raw.bounds()[0] - b.machine.config.heap.base
    if offset >= 0:
        b.machine.memory.blocks["bitmap"].lines[offset >> 9] = int(revoked) << (offset >> 3 & 63)
    record = b.step()
    assert str(capability(b.get(10))) == str(words(result)) and b.get(10) == number(words(result))
    assert capability(b.get(10)).permissions == int(permissions, 0)
    assert (record["mem_rtag"], record["rd_tag"]) == (1, words(result).tag)


def without_sr(b):
    machine = b.machine
    machine.install(number(ROOT_EXECUTABLE.with_address(b.base).with_permissions(0xFFF & ~Perm.SR)))


def small(permissions=0xFFF):
    return ROOT_MEMORY.with_address(PLACE).with_bounds(16).with_permissions(permissions)


def outside(b):
    b.machine.install(number(ROOT_EXECUTABLE.with_address(b.base).with_bounds(2)))


EVENTS = {
    "lw through untagged c10": (("lw", 1, 0, 10), lambda b: b.set(10, small().without_tag())),
    "csw beyond bounds of c2": (("sw", 1, 16, 2), lambda b: b.set(2, small())),
    "csc of a tagged value through c8 without MC": (
        ("csc", 9, 0, 8),
        lambda b: (b.set(8, small(0xFFF & ~Perm.MC)), b.set(9, ROOT_MEMORY)),
    ),
    "cjalr c0,0(c1), c1 unsealed": (("cjalr", 0, 0, 1), lambda b: b.set(1, ROOT_EXECUTABLE)),
    "fetch outside PCC bounds": (("addi", 0, 0, 0), outside),
    "fetch with untagged PCC": (("addi", 0, 0, 0), lambda b: b.machine.install(number(ROOT_EXECUTABLE.without_tag()))),
    "csrr mstatus without SR": (("csrrs", 1, CSR_BY_NAME["mstatus"].number, 0), without_sr),
    "cspecialr mtcc without SR": (("cspecialrw", 1, SCRS["mtcc"], 0), without_sr),
    "cspecialr scr 5, with or without SR": (("cspecialrw", 1, 5, 0), without_sr),
    "clc at address 0x80000004, in bounds": (("clc", 1, 4, 9), lambda b: b.set(9, ROOT_MEMORY.with_address(b.base))),
}


def test_trap_values(vector_M, bench):
    event, cause, mtval = vector_M
    instruction, prepare = EVENTS[event]
    b = bench(instruction)
    prepare(b)
    assert b.trap() == (int(cause, 0), int(mtval, 0))
    if "with or without" in event:
        assert bench(instruction).trap() == (int(cause, 0), int(mtval, 0))


ALIASES = {"cret": "cjalr", "cspecialr": "cspecialrw"}
NUMBERS = {"cnull": 0, "cra": 1, "csp": 2, "ct0": 5, "t0": 5, "cs0": 8, "a0": 10, "ca0": 10, "a1": 11, "ca1": 11}
NUMBERS |= {"a2": 12, "ca2": 12, "x0": 0}
SPECIAL = {**SCRS, **{name: row.number for name, row in CSR_BY_NAME.items()}}


def test_encodings(vector_E):
    text, word = vector_E
    mnemonic, *rest = re.findall(r"[\w.]+|[-+]\d+", text)
    found = decode(int(word, 0), 4, BASE_EXTENSIONS)
    assert found.row.name == ALIASES.get(mnemonic, mnemonic)
    registers = [NUMBERS[name] for name in rest if name in NUMBERS]
    if found.row.name == "csc":
        assert registers == [found.rs2, found.rs1]
    elif mnemonic == "cret":
        assert (found.rd, found.rs1, found.imm) == (0, 1, 0)
    else:
        operands = [found.rd, found.rs1] + ([found.rs2] if found.row.reads("rs2") else [])
        assert registers == operands[: len(registers)] and not any(operands[len(registers) :])
    assert [SPECIAL[name] for name in rest if name in SPECIAL] == [found.special] * bool(found.special)
    for value in (int(item) for item in rest if re.fullmatch(r"[-+]?\d+", item)):
        assert found.imm == value << (11 if mnemonic in ("auipcc", "auicgp") else 0)


def test_compressed(vector_Z):
    half, expansion, *_ = vector_Z
    found = decode(int(half, 0), 2, BASE_EXTENSIONS)
    assert found.hint == expansion.startswith("hint")
    if expansion.startswith("0x"):
        whole = decode(int(expansion, 0), 4, BASE_EXTENSIONS)
        assert found.row is whole.row
        for name in ("rd", "rs1", "rs2", "imm", "special"):
            assert getattr(found, name) == getattr(whole, name)
    else:
        assert found.row is None


def test_every_event_is_a_vector():
    assert len(EVENTS) == 10


@pytest.mark.parametrize("length, word", [(2, 0x0000), (4, 0x0000_5FAB), (4, 0xFFFF_FFFF), (4, 0x0000_305B)])
def test_unlisted_words_are_illegal(length, word):
    found = decode(word, length, BASE_EXTENSIONS)
    assert found.row is None and not found.hint
