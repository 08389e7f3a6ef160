"""The plain RISC-V part against GNU as, on thousands of random lines.

Without compression the bytes must be equal. With it, only the choice of compressed forms may differ: GNU as also
swaps the operands of commutative instructions and turns additions of zero into moves to compress them, writes the
no-op as a hint, and leaves calls to its linker.
"""

import shutil
import subprocess

import pytest

from rtl.isa.disassembler import size
from rtl.isa.registers import INTEGER_NAMES
from rtl.isa.rvc import expand
from rtl.isa.table import BY_NAME, FIELDS, INSNS, REGISTER_FIELDS, encode, find

GNU_AS = shutil.which("riscv64-unknown-elf-as")
GNU_LD = shutil.which("riscv64-unknown-elf-ld")
GNU_OBJCOPY = shutil.which("riscv64-unknown-elf-objcopy")
pytestmark = pytest.mark.skipif(not (GNU_AS and GNU_LD and GNU_OBJCOPY), reason="needs GNU binutils for RISC-V")

GNU_NAMES = {"cjal": "jal", "cjalr": "jalr", "auipcc": "auipc"}
ROWS = [row for row in INSNS if row.extension != "Xcheriot" or row.name in GNU_NAMES]
COMMUTATIVE = ("add", "and", "or", "xor")
ALIASES = [
    *("not {a}, {b}", "neg {a}, {b}", "seqz {a}, {b}", "snez {a}, {b}", "sltz {a}, {b}", "sgtz {a}, {b}"),
    *("csrr {a}, mcycle", "csrw mscratch, {a}", "csrs mstatus, {a}", "csrc mstatus, {a}", "csrwi mscratch, {u}"),
    *("csrsi mstatus, {u}", "csrci mstatus, {u}", "csrw mscratch, {u}", "csrrw {a}, mscratch, {u}"),
    *("jr {a}", "jalr {a}", "jalr {a}, {b}", "jalr {a}, {i}({b})", "ret", "li {c}, {n}", "zext.b {a}, {b}"),
    *("add {a}, {b}, {i}", "and {a}, {b}, {i}", "sll {a}, {b}, {u}", "fence", "fence.tso", "nop"),
    *("ror {a}, {b}, {u}", "bset {a}, {b}, {u}", "bclr {a}, {b}, {u}", "binv {a}, {b}, {u}", "bext {a}, {b}, {u}"),
]
BRANCHES = ["beqz {a}, {l}", "bnez {a}, {l}", "blez {a}, {l}", "bgez {a}, {l}", "bltz {a}, {l}", "bgtz {a}, {l}"]
BRANCHES += [f"{name} {{a}}, {{b}}, {{l}}" for name in ("bgt", "ble", "bgtu", "bleu", "beq", "bne", "blt", "bgeu")]
BRANCHES += ["j {l}"]


@pytest.fixture
def gnu(tmp_path):
    """The bytes that GNU as makes of a text."""

    def run(text: str) -> bytes:
        source, object_file, linked, flat = (tmp_path / name for name in ("t.s", "t.o", "t.elf", "t.bin"))
        source.write_text(f".option norelax\n{text}\n")
        architecture = ["-march=rv32emc_zicsr_zifencei_zba_zbb_zbs_zbkb_zbkc", "-mabi=ilp32e"]
        subprocess.run([GNU_AS, *architecture, source, "-o", object_file], check=True, capture_output=True, text=True)
        place = ["-m", "elf32lriscv", "--no-relax", "-Ttext=0x20040000", "-e", "0"]
        subprocess.run([GNU_LD, *place, object_file, "-o", linked], check=True)
        subprocess.run([GNU_OBJCOPY, "-O", "binary", "-j", ".text", linked, flat], check=True)
        return flat.read_bytes()

    return run


def random_line(row, rng) -> str:
    """A line of a row with RISC-V's own spelling."""
    texts = {}
    for name in row.operands:
        if name in REGISTER_FIELDS:
            texts[name] = INTEGER_NAMES[rng.randrange(16)]
        elif name in ("pred", "succ"):
            texts[name] = "".join(letter for letter in "iorw" if rng.random() < 0.5) or "rw"
        elif name == "simm_u":
            texts[name] = str(rng.getrandbits(20))
        else:
            small = [value for value in FIELDS[name].range if abs(value) < 32]
            texts[name] = str(rng.choice(small if rng.random() < 0.5 else FIELDS[name].range))
    text = row.syntax
    for name in sorted(texts, key=len, reverse=True):
        text = text.replace(name, texts[name], 1)
    return f"{GNU_NAMES.get(row.name, row.name)} {text}"


def random_alias(rng) -> str:
    number = rng.choice([rng.getrandbits(32), rng.getrandbits(12), -rng.getrandbits(12), rng.getrandbits(20) << 12])
    values = {"a": rng.choice(INTEGER_NAMES), "b": rng.choice(INTEGER_NAMES), "u": rng.randrange(1, 32)}
    values["c"] = rng.choice(INTEGER_NAMES[1:])  # GNU as loads a number into register 0 in its own way
    return rng.choice(ALIASES).format(**values, i=rng.randrange(-2048, 2048), n=number)


def random_lines(rng, count: int) -> list[str]:
    plain = [row for row in ROWS if "imm_b" not in row.operands and "imm_j" not in row.operands]
    return [random_alias(rng) if rng.random() < 0.3 else random_line(rng.choice(plain), rng) for _ in range(count)]


def test_uncompressed_lines_are_equal(code, gnu, rng):
    lines = random_lines(rng, 4000)
    text = ".option norvc\n" + "\n".join(lines)
    assert words(code(text)) == words(gnu(text))


def words(data: bytes) -> list[int]:
    """The instructions of a stream, halfwords expanded, in the form of `normal`."""
    found, position = [], 0
    while position < len(data):
        low = int.from_bytes(data[position : position + 4], "little")
        found.append(normal(low if size(low) == 4 else expand(low & 0xFFFF) or BY_NAME["addi"].match))
        position += size(low)
    return found


def normal(word: int) -> int:
    """The same instruction with the operands of a commutative one in order and an addition of zero as a move."""
    row = find(word)
    values = [FIELDS[operand].extract(word) for operand in row.operands]
    if row.name == "cincaddrimm":  # what CHERIoT makes of RISC-V's c.addi4spn and c.addi16sp
        row = BY_NAME["addi"]
    if row.name == "addi" and values[2] == 0 and values[1] != 0:
        row = BY_NAME["add"]
    if row.name in COMMUTATIVE:
        values[1:] = sorted(values[1:])
    return encode(row, *values) if row.name in (*COMMUTATIVE, "addi") else word


def test_compressed_lines_differ_in_the_choice_only(code, gnu, rng):
    lines = random_lines(rng, 4000)
    text = "\n".join(lines)
    mine, theirs = code(text), gnu(text)
    assert words(mine) == words(theirs)
    assert abs(len(mine) - len(theirs)) < len(theirs) // 100


@pytest.mark.parametrize("option", ["norvc", "rvc"])
def test_branches_are_equal(code, gnu, rng, option):
    count = 400
    lines = [f".option {option}"]
    for index in range(count):
        values = {"a": rng.choice(INTEGER_NAMES), "b": rng.choice(INTEGER_NAMES), "l": f"L{rng.randrange(count)}"}
        lines += [f"L{index}:", rng.choice(BRANCHES).format(**values), ".space 4 * 7"]
    text = "\n".join(lines)
    mine, theirs = code(text), gnu(text)
    assert len(mine) > 8192, "some branches must be out of reach"
    assert mine == theirs


DIRECTIVES = """
a: .byte 1, -1, 'x', 0x7f
.half 1, 0xffff
.2byte 2
.word 1 << 2 + 3, -5, ~0, b - a, 7 & 3 | 8
.4byte 0x12345678
.quad 0x123456789abcdef0
.8byte -1
.balign 8, 0xee
.p2align 4
.ascii "a\\tb\\\\\\"\\101\\x41"
.asciz "x", "yz"
.string "s"
.fill 3, 2, 0x1234
.fill 2
.space 3, 9
.zero 2
.org 200, 0x55
b: .byte . - a
1: .byte 1f - 1b
1: .byte 1b - a
.equ k, 5
.set k, k + 1
.byte k
.rept 3
.byte k
.endr
.irp x, 1, 2, 3
.byte \\x
.endr
.macro m p, q=3
.byte \\p, \\q, \\@
.endm
m 1
m 2, 4
.if k == 6
.byte 66
.else
.byte 77
.endif
.ifdef undefined_name
.byte 1
.endif
.balign 4, 0
"""


def test_directives_are_equal(code, gnu):
    mine = code(DIRECTIVES)
    assert gnu(DIRECTIVES)[: len(mine)] == mine  # behind it GNU as fills the section up to its alignment
