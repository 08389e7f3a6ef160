"""The generated decoders against the tables: every halfword, every row, and words that are no instruction."""

import pytest

from rtl.config import BASE_EXTENSIONS, BIT_MANIPULATION
from rtl.core.decoder import NOP, Decoder, Expander
from rtl.core.operations import operation_names
from rtl.isa.rvc import Kind, expand, find_compressed
from rtl.isa.table import FIELDS, INSNS, REGISTER_FIELDS, REGISTERS, UPPER_SHIFT, find, register_operands_exist

CHUNKS = 8
ALL = BASE_EXTENSIONS + BIT_MANIPULATION


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_halfword_expands_as_the_table_says(simulate, chunk):
    dut = Expander()

    async def bench(ctx):
        for half in range(chunk, 1 << 16, CHUNKS):
            if half & 3 == 3:
                continue
            ctx.set(dut.half, half)
            row = find_compressed(half)
            if row is None or row.kind is Kind.ILLEGAL:
                assert not ctx.get(dut.legal), f"{half:#06x}"
            elif row.kind is Kind.HINT:
                assert (ctx.get(dut.legal), ctx.get(dut.word)) == (1, NOP), f"{half:#06x}"
            elif (word := expand(half)) is not None:
                assert (ctx.get(dut.legal), ctx.get(dut.word)) == (1, word), f"{half:#06x}"

    simulate(dut, bench, clocked=False)


@pytest.mark.parametrize("row", INSNS, ids=lambda row: row.name)
def test_operands_come_out_of_their_fields(simulate, rng, row):
    dut = Decoder(ALL)

    async def bench(ctx):
        for _ in range(40):
            word = row.match | rng.getrandbits(32) & ~row.mask
            ctx.set(dut.word, word)
            assert ctx.get(dut.control.legal) == register_operands_exist(row, word), f"{word:#010x}"
            if not register_operands_exist(row, word):
                continue
            assert ctx.get(dut.control.unit) == row.unit.value
            assert ctx.get(dut.control.op) == operation_names(row.unit).index(row.op)
            for operand in row.operands:
                value = FIELDS[operand].extract(word)
                if operand in REGISTER_FIELDS:
                    assert ctx.get(dut.control[REGISTER_FIELDS[operand]]) == value
                elif operand not in ("csr", "scr", "pred", "succ"):
                    assert ctx.get(dut.control.imm) == (value << UPPER_SHIFT.get(operand, 0)) % (1 << 32)

    simulate(dut, bench, clocked=False)


def test_registers_that_rv32e_lacks_are_illegal_in_every_operand(simulate):
    dut = Decoder(ALL)

    async def bench(ctx):
        for row in INSNS:
            for operand in row.operands:
                if operand in REGISTER_FIELDS:
                    for number in (REGISTERS - 1, REGISTERS, 31):
                        ctx.set(dut.word, row.match | FIELDS[operand].insert(number))
                        assert ctx.get(dut.control.legal) == (number < REGISTERS), (row.name, operand, number)

    simulate(dut, bench, clocked=False)


@pytest.mark.parametrize("extensions", [BASE_EXTENSIONS, ALL, *((*BASE_EXTENSIONS, one) for one in BIT_MANIPULATION)])
def test_words_outside_the_table_are_illegal(simulate, rng, extensions):
    """And so are those that need an extension which the core has not."""
    dut = Decoder(extensions)

    async def bench(ctx):
        for _ in range(2500):
            # Half of the words keep a known opcode, so that the function fields decide.
            word = rng.getrandbits(32) | 3
            some = rng.choice(INSNS)
            if rng.random() < 0.5:
                word = word & ~0x7F | some.match & 0x7F
            elif rng.random() < 0.5:
                word = word & ~some.mask | some.match
            row = find(word, extensions)
            ctx.set(dut.word, word)
            legal = row is not None and register_operands_exist(row, word)
            assert ctx.get(dut.control.legal) == legal, f"{word:#010x}"

    simulate(dut, bench, clocked=False)
