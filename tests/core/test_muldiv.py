"""Products and divisions against Python's integers, and the handshake."""

from itertools import product

from rtl.core.muldiv import MulDiv, MulDivOp
from tests.capabilities import WORD, some_word

CORNERS = (0, 1, 2, 3, 7, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0x80000001, WORD - 7, WORD - 2, WORD - 1)


def signed(word):
    return word - WORD if word >> 31 else word


def quotient(a, b):
    """Rounded towards zero; -1 if b is 0."""
    if b == 0:
        return -1
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


RESULTS = {
    MulDivOp.MUL: lambda a, b: a * b,
    MulDivOp.MULH: lambda a, b: signed(a) * signed(b) >> 32,
    MulDivOp.MULHSU: lambda a, b: signed(a) * b >> 32,
    MulDivOp.MULHU: lambda a, b: a * b >> 32,
    MulDivOp.DIV: lambda a, b: quotient(signed(a), signed(b)),
    MulDivOp.DIVU: lambda a, b: quotient(a, b),
    MulDivOp.REM: lambda a, b: signed(a) - signed(b) * quotient(signed(a), signed(b)),
    MulDivOp.REMU: lambda a, b: a - b * quotient(a, b),
}
PRODUCTS = (MulDivOp.MUL, MulDivOp.MULH, MulDivOp.MULHSU, MulDivOp.MULHU)
DIVISION_CYCLES = 17


async def operate(ctx, dut, op, a, b):
    """Run one instruction up to the cycle in which it is done, and count its cycles."""
    ctx.set(dut.leave, 0)
    ctx.set(dut.start, 1)
    ctx.set(dut.op, op)
    ctx.set(dut.a, a)
    ctx.set(dut.b, b)
    cycles = 1
    while not ctx.get(dut.done):
        await ctx.tick()
        cycles += 1
        assert cycles < 40
    assert ctx.get(dut.result) == RESULTS[op](a, b) % WORD, f"{op} {a:#x} {b:#x}"
    return cycles


async def leave(ctx, dut):
    ctx.set(dut.leave, 1)
    await ctx.tick()
    ctx.set(dut.leave, 0)


def test_every_operation_back_to_back(simulate, rng):
    assert RESULTS.keys() == set(MulDivOp)
    dut = MulDiv()
    pairs = [*product(CORNERS, repeat=2), *((some_word(rng), some_word(rng)) for _ in range(300))]

    async def bench(ctx):
        for a, b in pairs:
            for op in RESULTS:
                assert await operate(ctx, dut, op, a, b) == (1 if op in PRODUCTS else DIVISION_CYCLES)
                await leave(ctx, dut)

    simulate(dut, bench, deadline=1.0)


def test_a_finished_result_waits(simulate):
    dut = MulDiv()

    async def bench(ctx):
        for op in RESULTS:
            await operate(ctx, dut, op, WORD - 100, 7)
            for _ in range(3):
                await ctx.tick()
                assert ctx.get(dut.done)
                assert ctx.get(dut.result) == RESULTS[op](WORD - 100, 7) % WORD
            await leave(ctx, dut)

    simulate(dut, bench)


def test_a_killed_division_leaves_no_trace(simulate):
    dut = MulDiv()

    async def bench(ctx):
        for cycles in range(1, DIVISION_CYCLES):
            ctx.set(dut.start, 1)
            ctx.set(dut.op, MulDivOp.DIV)
            ctx.set(dut.a, 12345)
            ctx.set(dut.b, WORD - 6)
            for _ in range(cycles - 1):
                await ctx.tick()
            await leave(ctx, dut)
            ctx.set(dut.start, 0)
            for _ in range(cycles % 3):
                await ctx.tick()
            assert await operate(ctx, dut, MulDivOp.REM, WORD - 100, 7) == DIVISION_CYCLES
            await leave(ctx, dut)

    simulate(dut, bench)
