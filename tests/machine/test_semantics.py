"""Meanings of table rows: there is one for each, and those of integers agree with arithmetic written another way."""

import operator

import pytest

from rtl.isa.table import INSNS, Unit
from rtos_model.machine.capability import Cap
from rtos_model.machine.execute import build
from rtos_model.machine.instruction import Instruction
from rtos_model.machine.semantics.capability import CAP
from rtos_model.machine.semantics.control import JUMP
from rtos_model.machine.semantics.integer import ALU, BRANCH, MULDIV, signed
from rtos_model.machine.semantics.memory import LOAD, STORE
from rtos_model.machine.semantics.system import CSR, SCR, SYSTEM
from rtos_model.machine.value import TAG, capability, moved, number, span

MEANINGS = {
    Unit.ALU: ALU,
    Unit.MULDIV: MULDIV,
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
