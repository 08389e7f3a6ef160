"""Integer operations against Python's integers."""

from itertools import product

from rtl.core.alu import Alu, AluOp
from tests.capabilities import WORD, some_word

CORNERS = (0, 1, 2, 31, 32, 33, 0x7FFFFFFF, 0x80000000, 0x80000001, WORD - 2, WORD - 1)


def signed(word):
    return word - WORD if word >> 31 else word


RESULTS = {
    AluOp.LUI: lambda a, b: b,
    AluOp.ADD: lambda a, b: a + b,
    AluOp.SUB: lambda a, b: a - b,
    AluOp.SLT: lambda a, b: signed(a) < signed(b),
    AluOp.SLTU: lambda a, b: a < b,
    AluOp.XOR: lambda a, b: a ^ b,
    AluOp.OR: lambda a, b: a | b,
    AluOp.AND: lambda a, b: a & b,
    AluOp.SLL: lambda a, b: a << b % 32,
    AluOp.SRL: lambda a, b: a >> b % 32,
    AluOp.SRA: lambda a, b: signed(a) >> b % 32,
}


def test_every_operation(simulate, rng):
    assert RESULTS.keys() == set(AluOp)
    dut = Alu()
    pairs = [*product(CORNERS, repeat=2), *((some_word(rng), amount) for amount in range(32))]
    pairs += [(some_word(rng), some_word(rng)) for _ in range(400)]

    async def bench(ctx):
        for a, b in pairs:
            ctx.set(dut.a, a)
            ctx.set(dut.b, b)
            for op, result in RESULTS.items():
                ctx.set(dut.op, op)
                assert ctx.get(dut.result) == result(a, b) % WORD, f"{op} {a:#x} {b:#x}"
                compared = ctx.get(dut.eq), ctx.get(dut.lt), ctx.get(dut.ltu)
                assert compared == (a == b, signed(a) < signed(b), a < b), f"{a:#x} {b:#x}"

    simulate(dut, bench, clocked=False)
