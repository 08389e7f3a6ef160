"""The text of instructions: worked encodings, and what must not read as an instruction."""

import pytest

from rtl.isa.disassembler import disassemble
from rtl.isa.rvc import RVC, Kind, expand, find_compressed
from rtl.isa.table import FIELDS, INSNS, REGISTER_FIELDS, encode

WORDS = {  # CHERIoT ISA; the words come from an outside assembler
    0xFE01115B: "cincaddrimm csp, csp, -32",
    0x22C5855B: "cincaddr ca0, ca1, a2",
    0xFFF1255B: "csetboundsimm ca0, csp, 4095",
    0x10B5055B: "csetbounds ca0, ca0, a1",
    0x12B5055B: "csetboundsexact ca0, ca0, a1",
    0x14B5055B: "csetboundsrounddown ca0, ca0, a1",
    0x00813083: "clc cra, 8(csp)",
    0xFE813C23: "csc cs0, -8(csp)",
    0x00008067: "cret",
    0x004500E7: "cjalr cra, 4(ca0)",
    0x001000EF: "cjal cra, 2048",
    0xFFFFF06F: "cjal cnull, -2",
    0x03C2805B: "cspecialrw cnull, mtcc, ct0",
    0x03F0055B: "cspecialrw ca0, mepcc, cnull",
    0x00001517: "auipcc ca0, 1",
    0xFFFFF57B: "auicgp ca0, -1",
    0xFE05855B: "cgetperm a0, ca1",
    0xFEF5855B: "cgetaddr a0, ca1",
    0xFF75855B: "cgethigh a0, ca1",
    0xFF85055B: "cgettop a0, ca0",
    0xFEA5855B: "cmove ca0, ca1",
    0xFEB5055B: "ccleartag ca0, ca0",
    0x1AB5055B: "candperm ca0, ca0, a1",
    0x16B5055B: "cseal ca0, ca0, ca1",
    0x18B5055B: "cunseal ca0, ca0, ca1",
    0x42B5055B: "csetequalexact a0, ca0, ca1",
    0x40B5055B: "ctestsubset a0, ca0, ca1",
    0xFE85855B: "crrl a0, a1",
    0x2CB5055B: "csethigh ca0, ca0, a1",
    0x28B5055B: "csub a0, ca0, ca1",
    0xBC129073: "csrrw zero, mshwm, t0",
    0x30046073: "csrrsi zero, mstatus, 8",
    0x0FF0000F: "fence iorw, iorw",
    0x0330000F: "fence rw, rw",
    0x8330000F: "fence.tso",
    0x0000100F: "fence.i",
    0xC0001073: "csrrw zero, 0xc00, zero",
}
HALVES = {
    0x0068: "cincaddrimm ca0, csp, 12",
    0x7139: "cincaddrimm csp, csp, -64",
    0x6105: "cincaddrimm csp, csp, 32",
    0x1141: "addi sp, sp, -16",
    0x6402: "clc cs0, 0(csp)",
    0x60A2: "clc cra, 8(csp)",
    0xE022: "csc cs0, 0(csp)",
    0xE406: "csc cra, 8(csp)",
    0x6588: "clc ca0, 8(ca1)",
    0xE188: "csc ca0, 0(ca1)",
    0x8082: "cret",
    0x8502: "cjalr cnull, 0(ca0)",
    0x9502: "cjalr cra, 0(ca0)",
    0x2001: "cjal cra, 0",
    0x3FFD: "cjal cra, -2",
    0xA001: "cjal cnull, 0",
    0xD97D: "beq a0, zero, -10",
    0x852E: "add a0, zero, a1",
    0x4501: "addi a0, zero, 0",
    0x6505: "lui a0, 0x1",
    0x9002: "ebreak",
    0x0001: "c.nop",
    0x0501: ".half 0x0501 # hint: c.addi",
    0x0502: ".half 0x0502 # hint: c.slli",
    0x8101: ".half 0x8101 # hint: c.srli",
    **{
        half: f".half {half:#06x}"
        for half in (0x0000, 0x6002, 0x4002, 0x8002, 0x9101, 0x6101, 0x2000, 0x9C01)
    },
}
EXPANSIONS = {  # the worked halfwords as words
    **{0x0068: 0x00C1155B, 0x7139: 0xFC01115B, 0x6105: 0x0201115B, 0x1141: 0xFF010113, 0x6402: 0x00013403},
    **{0x60A2: 0x00813083, 0xE022: 0x00813023, 0xE406: 0x00113423, 0x6588: 0x0085B503, 0xE188: 0x00A5B023},
    **{0x8082: 0x00008067, 0x8502: 0x00050067, 0x9502: 0x000500E7, 0x2001: 0x000000EF, 0x3FFD: 0xFFFFF0EF},
    **{0xA001: 0x0000006F, 0xD97D: 0xFE050BE3, 0x852E: 0x00B00533, 0x4501: 0x00000513, 0x6505: 0x00001537},
    0x9002: 0x00100073,
}


@pytest.mark.parametrize("bits", [*WORDS, *HALVES], ids=hex)
def test_worked_encodings(bits):
    assert disassemble(bits) == {**WORDS, **HALVES}[bits]


@pytest.mark.parametrize("half", EXPANSIONS, ids=hex)
def test_worked_expansions(half):
    assert expand(half) == EXPANSIONS[half]
    assert disassemble(half) == disassemble(EXPANSIONS[half])


@pytest.mark.parametrize("row", INSNS, ids=lambda row: row.name)
def test_registers_above_15_are_no_instruction(row, rng):
    for operand in row.operands:
        values = [rng.choice(FIELDS[name].range[:16]) for name in row.operands]
        values[row.operands.index(operand)] = 16
        word = encode(row, *values)
        expected = operand in REGISTER_FIELDS
        assert disassemble(word).startswith(".word") == expected, disassemble(word)


def test_every_halfword_reads_as_its_kind():
    for half in range(1 << 16):
        if half & 3 == 3:
            continue
        text, row = disassemble(half), find_compressed(half)
        if row is not None and row.kind is Kind.HINT:
            assert text == "c.nop" or text == f".half {half:#06x} # hint: {row.name}"
        else:
            assert text.startswith(".half") == (expand(half) is None)


def test_numeric_names():
    assert disassemble(0x2AB4055B, numeric=True) == ".word 0x2ab4055b"
    assert disassemble(0x28B5055B, numeric=True) == "csub x10, c10, c11"
    assert disassemble(0x2894855B) == "csub a0, cs1, cs1"


def test_targets_with_pc_are_addresses():
    names = {0x80000100: "loop"}.get
    assert disassemble(0xFE050BE3, 0x8000010A, names) == "beq a0, zero, 0x80000100 <loop>"
    assert disassemble(0xFE050BE3, 0x8000010C, names) == "beq a0, zero, 0x80000102"
    assert disassemble(0xFFFFF06F, 0) == "cjal cnull, 0xfffffffe"


def test_every_compressed_row_is_reached():
    reached = {row.pattern for half in range(1 << 16) if half & 3 != 3 and (row := find_compressed(half))}
    assert reached == {row.pattern for row in RVC}
