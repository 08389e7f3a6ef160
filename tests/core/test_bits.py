"""The bit-manipulation unit against strings of bits and Python's integers."""

from itertools import product

import pytest

from rtl.config import BASE_EXTENSIONS, BIT_MANIPULATION
from rtl.core.bits import BitOp, BitUnit, brought_by
from tests.capabilities import WORD, some_word

CORNERS = (0, 1, 2, 31, 32, 33, 0x7FFFFFFF, 0x80000000, 0x80000001, 0x00FF0000, 0x12345678, WORD - 2, WORD - 1)


def signed(word):
    return word - WORD if word >> 31 else word


def octets(a):
    return [a >> 8 * i & 0xFF for i in range(4)]


def of(octets):
    return sum(octet << 8 * i for i, octet in enumerate(octets))


def clmul(a, b):
    found = 0
    while b:
        found ^= a if b & 1 else 0
        a, b = 2 * a, b >> 1
    return found


def spread(half):
    return sum(1 << 2 * i for i in range(16) if half >> i & 1)


def gathered(a):
    return sum(1 << i for i in range(16) if a >> 2 * i & 1)


def rotated(a, by):
    return (a << by | a >> 32 - by) % WORD


RESULTS = {
    BitOp.SH1ADD: lambda a, b: a * 2 + b,
    BitOp.SH2ADD: lambda a, b: a * 4 + b,
    BitOp.SH3ADD: lambda a, b: a * 8 + b,
    BitOp.ANDN: lambda a, b: a & (WORD - 1 - b),
    BitOp.ORN: lambda a, b: a | (WORD - 1 - b),
    BitOp.XNOR: lambda a, b: WORD - 1 - (a ^ b),
    BitOp.CLZ: lambda a, b: next((i for i in range(32) if a << i & 1 << 31), 32),
    BitOp.CTZ: lambda a, b: next((i for i in range(32) if a >> i & 1), 32),
    BitOp.CPOP: lambda a, b: f"{a:b}".count("1"),
    BitOp.SEXT_B: lambda a, b: a % 256 - (256 if a & 128 else 0),
    BitOp.SEXT_H: lambda a, b: a % 65536 - (65536 if a & 32768 else 0),
    BitOp.PACK: lambda a, b: a % 65536 + 65536 * b,
    BitOp.MAX: lambda a, b: max(a, b, key=signed),
    BitOp.MAXU: max,
    BitOp.MIN: lambda a, b: min(a, b, key=signed),
    BitOp.MINU: min,
    BitOp.ROL: lambda a, b: rotated(a, b % 32),
    BitOp.ROR: lambda a, b: rotated(a, -b % 32),
    BitOp.ORC_B: lambda a, b: of(255 * bool(octet) for octet in octets(a)),
    BitOp.REV8: lambda a, b: of(octets(a)[::-1]),
    BitOp.BCLR: lambda a, b: a - (a & 1 << b % 32),
    BitOp.BEXT: lambda a, b: bool(a & 1 << b % 32),
    BitOp.BINV: lambda a, b: a ^ 1 << b % 32,
    BitOp.BSET: lambda a, b: a | 1 << b % 32,
    BitOp.PACKH: lambda a, b: a % 256 + b % 256 * 256,
    BitOp.BREV8: lambda a, b: of(int(f"{octet:08b}"[::-1], 2) for octet in octets(a)),
    BitOp.ZIP: lambda a, b: spread(a) + 2 * spread(a >> 16),
    BitOp.UNZIP: lambda a, b: gathered(a) + (gathered(a >> 1) << 16),
    BitOp.CLMUL: clmul,
    BitOp.CLMULH: lambda a, b: clmul(a, b) >> 32,
}


@pytest.mark.parametrize("extensions", [BIT_MANIPULATION, *((*BASE_EXTENSIONS, one) for one in BIT_MANIPULATION)])
def test_every_operation_of_the_extensions(simulate, rng, extensions):
    assert RESULTS.keys() == set(BitOp)
    dut = BitUnit(extensions)
    pairs = [*product(CORNERS, repeat=2), *((some_word(rng), amount) for amount in range(32))]
    pairs += [(some_word(rng), some_word(rng)) for _ in range(150)]

    async def bench(ctx):
        for a, b in pairs:
            ctx.set(dut.a, a)
            ctx.set(dut.b, b)
            ctx.set(dut.lt, signed(a) < signed(b))
            ctx.set(dut.ltu, a < b)
            for op in dut.ops:
                ctx.set(dut.op, op)
                assert ctx.get(dut.result) == RESULTS[op](a, b) % WORD, f"{op} {a:#x} {b:#x}"

    simulate(dut, bench, clocked=False)


def test_shared_instructions_come_with_either_extension():
    assert BitOp.ROL in brought_by(("Zbkb",)) & brought_by(("Zbb",))
    assert BitOp.CLZ not in brought_by(("Zbkb",))
