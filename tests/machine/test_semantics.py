"""Meanings of table rows: there is one for each, and those of integers agree with arithmetic written another way."""

import operator

import pytest

from rtl.isa.table import INSNS, Unit
from rtos_model.machine.capability import Cap
from rtos_model.machine.execute import build
from rtos_model.machine.instruction import Instruction
from rtos_model.machine.semantics.bits import BITS
from rtos_model.machine.semantics.capability import CAP
from rtos_model.machine.semantics.control import JUMP
from rtos_model.machine.semantics.integer import ALU, BRANCH, MULDIV, signed
from rtos_model.machine.semantics.memory import LOAD, STORE
from rtos_model.machine.semantics.system import CSR, SCR, SYSTEM
from rtos_model.machine.value import TAG, capability, moved, number, span

MEANINGS = {
    Unit.ALU: ALU,
    Unit.MULDIV: MULDIV,
    Unit.BITS: BITS,
    Unit.BRANCH: BRANCH,
    Unit.CAP: CAP,
    Unit.LOAD: LOAD,
    Unit.STORE: STORE,
    Unit.JUMP: JUMP,
    Unit.CSR: CSR,
    Unit.SCR: SCR,
    Unit.SYSTEM: SYSTEM,
}
EDGES = (0, 1, 2, 31, 32, 0x7FFF_FFFF, 0x8000_0000, 0x8000_0001, 0xFFFF_FFFE, 0xFFFF_FFFF)


@pytest.mark.parametrize("row", INSNS, ids=lambda row: row.name)
def test_every_row_has_a_meaning_and_becomes_a_function(row, bench):
    assert row.op in MEANINGS[row.unit]
    i = Instruction(word=0, length=4, row=row)
    assert callable(build(bench().machine, 0x8000_0000, i))


@pytest.mark.parametrize("unit", MEANINGS, ids=lambda unit: unit.name)
def test_no_meaning_without_a_row(unit):
    assert set(MEANINGS[unit]) == {row.op for row in INSNS if row.unit is unit}


def truncated(a, b):
    """Division rounded towards zero; floating point is exact enough for 32-bit operands."""
    return int(a / b)


BY_BITS = {
    "add": lambda a, b: (a + b) % 2**32,
    "sub": lambda a, b: (a + (b ^ 0xFFFF_FFFF) + 1) % 2**32,
    "xor": operator.xor,
    "or": operator.or_,
    "and": operator.and_,
    "sll": lambda a, b: int(f"{a:032b}"[b % 32 :] + "0" * (b % 32), 2),
    "srl": lambda a, b: int(("0" * (b % 32) + f"{a:032b}")[:32], 2),
    "sra": lambda a, b: int((f"{a:032b}"[0] * (b % 32) + f"{a:032b}")[:32], 2),
    "slt": lambda a, b: int((a ^ 1 << 31) < (b ^ 1 << 31)),
    "sltu": lambda a, b: int(a < b),
    "lui": lambda a, b: b,
    "mul": lambda a, b: a * b % 2**32,
    "mulhu": lambda a, b: a * b // 2**32,
    "mulh": lambda a, b: (a * b // 2**32 - (a >> 31) * b - (b >> 31) * a) % 2**32,
    "mulhsu": lambda a, b: (a * b // 2**32 - (a >> 31) * b) % 2**32,
    "divu": lambda a, b: a // b if b else 2**32 - 1,
    "remu": lambda a, b: a % b if b else a,
    "div": lambda a, b: truncated(to_signed(a), to_signed(b)) % 2**32 if b else 2**32 - 1,
    "rem": lambda a, b: (to_signed(a) - truncated(to_signed(a), to_signed(b)) * to_signed(b)) % 2**32 if b else a,
}
COMPARISONS = {
    "beq": lambda a, b: f"{a:b}" == f"{b:b}",
    "bne": lambda a, b: f"{a:b}" != f"{b:b}",
    "blt": lambda a, b: to_signed(a) < to_signed(b),
    "bge": lambda a, b: not to_signed(a) < to_signed(b),
    "bltu": lambda a, b: f"{a:032b}" < f"{b:032b}",
    "bgeu": lambda a, b: f"{a:032b}" >= f"{b:032b}",
}


def to_signed(a):
    return int.from_bytes(a.to_bytes(4, "little"), "little", signed=True)


def operands(rng):
    yield from ((a, b) for a in EDGES for b in EDGES)
    yield from ((rng.getrandbits(32), rng.getrandbits(32) >> rng.randrange(32)) for _ in range(300))


@pytest.mark.parametrize("name", [*ALU, *MULDIV])
def test_integer_results(name, rng):
    meaning = {**ALU, **MULDIV}[name]
    for a, b in operands(rng):
        upper = rng.getrandbits(33) << 32  # tag and metadata of an operand never matter
        assert meaning(a | upper, b | upper) == BY_BITS[name](a, b), f"{name} {a:#x}, {b:#x}"
        if name not in ("mulhsu", "mulhu", "divu", "remu") and b >> 31:
            assert meaning(a, to_signed(b)) == BY_BITS[name](a, b), "an immediate is a negative number"


def binary(a):
    """Bits as text, most significant first."""
    return f"{a:032b}"


def joined(texts):
    return "".join(texts)


def octets(text):
    return [text[i : i + 8] for i in range(0, 32, 8)]


def polynomial(a, b):
    """The product of two polynomials over bits, as text of 64 bits: a bit for each parity of pairs."""
    ones = [i + j for i in range(32) for j in range(32) if a[31 - i] == b[31 - j] == "1"]
    return joined(str(ones.count(bit) % 2) for bit in reversed(range(64)))


def changed(a, place, to):
    at = 31 - place % 32
    return a[:at] + to(a[at]) + a[at + 1 :]


OTHER = {"0": "1", "1": "0"}
BY_TEXT = {
    "andn": lambda a, b: joined(x if y == "0" else "0" for x, y in zip(a, b, strict=True)),
    "orn": lambda a, b: joined(x if y == "1" else "1" for x, y in zip(a, b, strict=True)),
    "xnor": lambda a, b: joined("1" if x == y else "0" for x, y in zip(a, b, strict=True)),
    "sext_b": lambda a, b: a[24] * 24 + a[24:],
    "sext_h": lambda a, b: a[16] * 16 + a[16:],
    "pack": lambda a, b: b[16:] + a[16:],
    "packh": lambda a, b: "0" * 16 + b[24:] + a[24:],
    "rol": lambda a, b: a[int(b[27:], 2) :] + a[: int(b[27:], 2)],
    "ror": lambda a, b: a[32 - int(b[27:], 2) :] + a[: 32 - int(b[27:], 2)],
    "orc_b": lambda a, b: joined(("1" if "1" in octet else "0") * 8 for octet in octets(a)),
    "rev8": lambda a, b: joined(octets(a)[::-1]),
    "brev8": lambda a, b: joined(octet[::-1] for octet in octets(a)),
    "zip": lambda a, b: joined(high + low for high, low in zip(a[:16], a[16:], strict=True)),
    "unzip": lambda a, b: a[::2] + a[1::2],
    "bclr": lambda a, b: changed(a, int(b, 2), lambda bit: "0"),
    "bset": lambda a, b: changed(a, int(b, 2), lambda bit: "1"),
    "binv": lambda a, b: changed(a, int(b, 2), OTHER.get),
    "bext": lambda a, b: a[31 - int(b, 2) % 32],
    "clmul": lambda a, b: polynomial(a, b)[32:],
    "clmulh": lambda a, b: polynomial(a, b)[:32],
}
BY_BITS |= {
    "sh1add": lambda a, b: (2 * a + b) % 2**32,
    "sh2add": lambda a, b: (4 * a + b) % 2**32,
    "sh3add": lambda a, b: (8 * a + b) % 2**32,
    "clz": lambda a, b: (binary(a) + "1").index("1"),
    "ctz": lambda a, b: (binary(a)[::-1] + "1").index("1"),
    "cpop": lambda a, b: binary(a).count("1"),
    "max": lambda a, b: max((to_signed(a), a), (to_signed(b), b))[1],
    "min": lambda a, b: min((to_signed(a), a), (to_signed(b), b))[1],
    "maxu": lambda a, b: sorted([a, b])[1],
    "minu": lambda a, b: sorted([a, b])[0],
    **{
        name: lambda a, b, function=function: int(function(binary(a), binary(b)), 2)
        for name, function in BY_TEXT.items()
    },
}


@pytest.mark.parametrize("name", BITS)
def test_bit_manipulation(name, rng):
    for a, b in operands(rng):
        upper = rng.getrandbits(33) << 32
        assert BITS[name](a | upper, b | upper) == BY_BITS[name](a, b), f"{name} {a:#x}, {b:#x}"


@pytest.mark.parametrize("name", BRANCH)
def test_branch_conditions(name, rng):
    for a, b in [*operands(rng), *((a, a) for a in EDGES)]:
        upper = rng.getrandbits(33) << 32
        assert BRANCH[name](a | upper, b) == COMPARISONS[name](a, b)


def test_signed():
    assert [signed(a) for a in (0, 0x7FFF_FFFF, 0x8000_0000, TAG | 0xFFFF_FFFF)] == [0, 2**31 - 1, -(2**31), -1]


def some_value(rng):
    shape = rng.randrange(3)
    address = rng.getrandbits(32) if shape else rng.choice(EDGES)
    return rng.getrandbits(1) << 64 | rng.getrandbits(32) << 32 | address


def test_values_and_capabilities_are_the_same_thing(rng):
    for _ in range(3000):
        value = some_value(rng)
        assert number(capability(value)) == value
        assert isinstance(capability(value), Cap)


def test_moving_by_window_agrees_with_the_definition(rng):
    """`moved` tests a window, `Cap.with_address` compares bounds, on every pattern, reachable or not."""
    for _ in range(4000):
        value = some_value(rng)
        found = span(value)
        assert (found.base, found.top) == capability(value).bounds()
        near = [found.first, found.first - 1, found.last, found.last - 1, rng.getrandbits(32), value % 2**32]
        for address in near:
            assert moved(value, address) == number(capability(value).with_address(address)), f"{value:#x} {address:#x}"
            if 0 <= address < 2**32:
                there = capability(value).with_address(address)
                assert (there.bounds() == (found.base, found.top)) == (found.first <= address < found.last)
