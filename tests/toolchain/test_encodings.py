"""Lines to words and back: worked encodings, every row of the table, every halfword, every alias."""

import pytest

from cosim.toolchain.compress import compress
from rtl.isa.disassembler import disassemble, size
from rtl.isa.rvc import expand
from rtl.isa.table import BY_NAME, FIELDS, INSNS, REGISTER_FIELDS, encode

WORDS = {  # the spelling of CHERIoT LLVM; the words come from an outside assembler
    "cincaddrimm csp, csp, -32": 0xFE01115B,
    "cincaddr ca0, ca1, a2": 0x22C5855B,
    "csetboundsimm ca0, csp, 4095": 0xFFF1255B,
    "csetbounds ca0, ca0, a1": 0x10B5055B,
    "csetboundsexact ca0, ca0, a1": 0x12B5055B,
    "csetboundsrounddown ca0, ca0, a1": 0x14B5055B,
    "clc cra, 8(csp)": 0x00813083,
    "csc cs0, -8(csp)": 0xFE813C23,
    "cret": 0x00008067,
    "cjalr cra, 4(ca0)": 0x004500E7,
    "cjal cra, +2048": 0x001000EF,
    "cjal cnull, -2": 0xFFFFF06F,
    "cspecialrw cnull, mtcc, ct0": 0x03C2805B,
    "cspecialr ca0, mepcc": 0x03F0055B,
    "auipcc ca0, 1": 0x00001517,
    "auicgp ca0, -1": 0xFFFFF57B,
    "cgetperm a0, ca1": 0xFE05855B,
    "cgetaddr a0, ca1": 0xFEF5855B,
    "cgethigh a0, ca1": 0xFF75855B,
    "cgettop a0, ca0": 0xFF85055B,
    "cmove ca0, ca1": 0xFEA5855B,
    "ccleartag ca0, ca0": 0xFEB5055B,
    "candperm ca0, ca0, a1": 0x1AB5055B,
    "cseal ca0, ca0, ca1": 0x16B5055B,
    "cunseal ca0, ca0, ca1": 0x18B5055B,
    "csetequalexact a0, ca0, ca1": 0x42B5055B,
    "ctestsubset a0, ca0, ca1": 0x40B5055B,
    "crrl a0, a1": 0xFE85855B,
    "csethigh ca0, ca0, a1": 0x2CB5055B,
    "csub a0, ca0, ca1": 0x28B5055B,
    "csrrw x0, mshwm, t0": 0xBC129073,
    "csrrsi x0, mstatus, 8": 0x30046073,
    "fence": 0x0FF0000F,
    "fence rw, rw": 0x0330000F,
    "fence.tso": 0x8330000F,
    "fence.i": 0x0000100F,
    "unimp": 0xC0001073,
}
COMPRESSED = {
    "cincaddrimm c10, c2, 12": 0x0068,
    "cincaddrimm c2, c2, -64": 0x7139,
    "cincaddrimm c2, c2, 32": 0x6105,
    "addi x2, x2, -16": 0x1141,
    "clc c8, 0(c2)": 0x6402,
    "clc c1, 8(c2)": 0x60A2,
    "csc c8, 0(c2)": 0xE022,
    "csc c1, 8(c2)": 0xE406,
    "clc c10, 8(c11)": 0x6588,
    "csc c10, 0(c11)": 0xE188,
    "cjalr c0, 0(c1)": 0x8082,
    "cjalr c0, 0(c10)": 0x8502,
    "cjalr c1, 0(c10)": 0x9502,
    "cjal c1, +0": 0x2001,
    "cjal c1, -2": 0x3FFD,
    "cjal c0, +0": 0xA001,
    "beq x10, x0, -10": 0xD97D,
    "add x10, x0, x11": 0x852E,
    "addi x10, x0, 0": 0x4501,
    "lui x10, 0x00001": 0x6505,
    "ebreak": 0x9002,
    "c.nop": 0x0001,
    "c.unimp": 0x0000,
}
NOT_COMPRESSED = {  # a halfword of their shape would be a hint or illegal
    "nop": 0x00000013,
    "addi a0, a0, 0": 0x00050513,
    "lui x0, 1": 0x00001037,
    "lui csp, 1": 0x00001137,
    "lui a0, 0": 0x00000537,
    "slli a0, a0, 0": 0x00051513,
    "mv a0, zero": 0x00000533,
    "mv zero, a0": 0x00A00033,
    "lw zero, 0(csp)": 0x00012003,
    "cincaddrimm csp, csp, 0": 0x0001115B,
    "cincaddrimm ca0, csp, 0": 0x0001155B,
    "cjalr cnull, 0(cnull)": 0x00000067,
    "add a0, a1, a0": 0x00A58533,
}


def halves(word: int, width: int = 4) -> bytes:
    return word.to_bytes(width, "little")


@pytest.mark.parametrize("line", WORDS)
def test_worked_words(code, line):
    assert code(f".option norvc\n{line}") == halves(WORDS[line])


@pytest.mark.parametrize("line", COMPRESSED)
def test_worked_halfwords(code, line):
    assert code(line) == halves(COMPRESSED[line], 2)


@pytest.mark.parametrize("line", NOT_COMPRESSED)
def test_hints_are_never_chosen(code, line):
    assert code(line) == halves(NOT_COMPRESSED[line])


@pytest.mark.parametrize("row", INSNS, ids=lambda row: row.name)
def test_every_row_survives_text(code, rng, row):
    words = []
    for _ in range(100):
        values = [
            rng.randrange(16) if name in REGISTER_FIELDS else rng.choice(FIELDS[name].range) for name in row.operands
        ]
        words.append(encode(row, *values))
    text = "\n".join(disassemble(word) for word in words)
    assert code(f".option norvc\n{text}") == b"".join(halves(word) for word in words)
    assert code(f".option norvc\n{numeric(words)}") == b"".join(halves(word) for word in words)
    expected = [compress(word) for word in words]
    assert code(text) == b"".join(
        halves(word) if half is None else halves(half, 2) for word, half in zip(words, expected, strict=True)
    )
    assert all(half is None or expand(half) == word for word, half in zip(words, expected, strict=True))


def numeric(words: list[int]) -> str:
    return "\n".join(disassemble(word, numeric=True) for word in words)


def test_every_halfword_survives_text(code):
    chosen = [half for half in range(1 << 16) if size(half) == 2]
    assert code("\n".join(disassemble(half) for half in chosen)) == b"".join(halves(half, 2) for half in chosen)


def test_compression_finds_every_expansion():
    for half in range(1 << 16):
        if size(half) == 2 and (word := expand(half)) is not None:
            assert compress(word) == half


ALIASES = [
    ("jal ca0, 4", "cjal ca0, 4"),
    ("jal 4", "cjal cra, 4"),
    ("cjal 4", "cjal cra, 4"),
    ("j 4", "cjal cnull, 4"),
    ("cj 4", "cjal cnull, 4"),
    ("jr ca5", "cjalr cnull, 0(ca5)"),
    ("cjr ca5", "cjalr cnull, 0(ca5)"),
    ("cjr 8(ca5)", "cjalr cnull, 8(ca5)"),
    ("jalr ca5", "cjalr cra, 0(ca5)"),
    ("cjalr ca5", "cjalr cra, 0(ca5)"),
    ("cjalr ct0, ca5", "cjalr ct0, 0(ca5)"),
    ("cjalr ct0, ca5, 6", "cjalr ct0, 6(ca5)"),
    ("jalr ct0, (ca5)", "cjalr ct0, 0(ca5)"),
    ("ret", "cret"),
    ("auipc a0, 3", "auipcc ca0, 3"),
    ("auipcc a0, 0xfffff", "auipcc ca0, -1"),
    ("lc ca0, (ca1)", "clc ca0, 0(ca1)"),
    ("sc ca0, 0(ca1)", "csc ca0, 0(ca1)"),
    *((f"c{name} a0, 4(ca1)", f"{name} a0, 4(ca1)") for name in ("lb", "lh", "lw", "lbu", "lhu", "sb", "sh", "sw")),
    ("cincoffset ca0, ca1, a2", "cincaddr ca0, ca1, a2"),
    ("cincoffset ca0, ca1, 2", "cincaddrimm ca0, ca1, 2"),
    ("cincoffsetimm ca0, ca1, 2", "cincaddrimm ca0, ca1, 2"),
    ("cincaddr ca0, ca1, -2", "cincaddrimm ca0, ca1, -2"),
    ("csetbounds ca0, ca1, 2", "csetboundsimm ca0, ca1, 2"),
    ("cseqx a0, ca1, ca2", "csetequalexact a0, ca1, ca2"),
    ("croundrepresentablelength a0, a1", "crrl a0, a1"),
    ("crepresentablealignmentmask a0, a1", "cram a0, a1"),
    ("cspecialr ca0, MTCC", "cspecialrw ca0, 28, cnull"),
    ("cspecialw mtdc, ca0", "cspecialrw cnull, mtdc, ca0"),
    ("csrr a0, mcycle", "csrrs a0, mcycle, zero"),
    ("csrw mcycle, a0", "csrrw zero, mcycle, a0"),
    ("csrs mstatus, a0", "csrrs zero, mstatus, a0"),
    ("csrc mstatus, a0", "csrrc zero, mstatus, a0"),
    ("csrwi mstatus, 8", "csrrwi zero, mstatus, 8"),
    ("csrsi mstatus, 8", "csrrsi zero, mstatus, 8"),
    ("csrci mstatus, 8", "csrrci zero, mstatus, 8"),
    ("csrw mstatus, 8", "csrrwi zero, 0x300, 8"),
    ("nop", "addi zero, zero, 0"),
    ("mv a0, a1", "add a0, zero, a1"),
    ("not a0, a1", "xori a0, a1, -1"),
    ("neg a0, a1", "sub a0, zero, a1"),
    ("seqz a0, a1", "sltiu a0, a1, 1"),
    ("snez a0, a1", "sltu a0, zero, a1"),
    ("sltz a0, a1", "slt a0, a1, zero"),
    ("sgtz a0, a1", "slt a0, zero, a1"),
    ("beqz a0, 8", "beq a0, zero, 8"),
    ("bnez a0, 8", "bne a0, zero, 8"),
    ("blez a0, 8", "bge zero, a0, 8"),
    ("bgez a0, 8", "bge a0, zero, 8"),
    ("bltz a0, 8", "blt a0, zero, 8"),
    ("bgtz a0, 8", "blt zero, a0, 8"),
    ("bgt a0, a1, 8", "blt a1, a0, 8"),
    ("ble a0, a1, 8", "bge a1, a0, 8"),
    ("bgtu a0, a1, 8", "bltu a1, a0, 8"),
    ("bleu a0, a1, 8", "bgeu a1, a0, 8"),
    ("add a0, a1, 5", "addi a0, a1, 5"),
    ("sll a0, a1, 5", "slli a0, a1, 5"),
    ("li a0, -2048", "addi a0, zero, -2048"),
    ("li a0, 2047", "addi a0, zero, 2047"),
    ("li a0, 2048", "lui a0, 1\naddi a0, a0, -2048"),
    ("li a0, 0x80000000", "lui a0, 0x80000"),
    ("li a0, 0xffffffff", "addi a0, zero, -1"),
    ("li a0, 0x7fffffff", "lui a0, 0x80000\naddi a0, a0, -1"),
    ("li a0, -0x80000000", "lui a0, 0x80000"),
    ("ct.clc ca0, 8(ca1)", "clc ca0, 8(ca1)"),
    ("ct.cjalr cra, 8(ca1)", "cjalr cra, 8(ca1)"),
    ("CMOVE CA0, C11", "cmove ca0, ca1"),
    ("lw a0, 4(s1)", "lw x10, 4(c9)"),
    ("cmove cfp, czero", "cmove c8, cnull"),
    ("c.addi a0, 4", "addi a0, a0, 4"),
    ("c.lwsp a0, 4(sp)", "lw a0, 4(csp)"),
    ("c.j 6", "cj 6"),
    ("c.jr ca0", "cjr ca0"),
    ("c.cincaddr16csp csp, 32", "cincaddrimm csp, csp, 32"),
]


@pytest.mark.parametrize("alias, plain", ALIASES)
def test_aliases(code, alias, plain):
    assert code(alias) == code(plain)


def test_alias_targets_are_rows():
    assert {plain.split()[0] for _, plain in ALIASES} <= {*BY_NAME, "cret", "cj", "cjr", "li"}


def test_li_loads_every_number(code, rng):
    edges = [sign * ((1 << bit) + step) for bit in range(32) for step in (-1, 0, 1) for sign in (1, -1)]
    numbers = [n for n in edges if -(1 << 31) <= n < 1 << 32] + [rng.getrandbits(32) for _ in range(500)]
    for number in numbers:
        assert run_integer_code(code(f"li a0, {number}")) == number % 2**32


def run_integer_code(data: bytes) -> int:
    """What lui and addi leave in a0."""
    value, position = 0, 0
    while position < len(data):
        low = int.from_bytes(data[position : position + 4], "little")
        word = low if size(low) == 4 else expand(low & 0xFFFF)
        if BY_NAME["lui"].fits(word):
            value = FIELDS["imm_u"].extract(word) << 12
        else:
            assert BY_NAME["addi"].fits(word)
            value = (value if FIELDS["rs1"].extract(word) else 0) + FIELDS["imm_i"].extract(word)
        position += size(low)
    return value % 2**32
