"""The predictor knows branches and jumps by their bits, computes their targets, and learns."""

from rtl.core.predict import Predictor
from rtl.isa.rvc import RVC, Kind, expand, find_compressed
from rtl.isa.table import BY_NAME, FIELDS, INSNS, Unit, find


def expected(word, pc):
    """(jump, branch, target) of a 32-bit word."""
    row = find(word)
    if row is BY_NAME["cjal"]:
        return True, False, (pc + FIELDS["imm_j"].extract(word)) % (1 << 32)
    if row is not None and row.unit is Unit.BRANCH:
        return False, True, (pc + FIELDS["imm_b"].extract(word)) % (1 << 32)
    return False, False, None


def check(ctx, dut, bits, compressed, word, pc):
    ctx.set(dut.pc, pc)
    ctx.set(dut.word, bits)
    ctx.set(dut.compressed, compressed)
    jump, branch, target = expected(word, pc)
    assert (ctx.get(dut.jump), ctx.get(dut.branch)) == (jump, branch), hex(bits)
    if target is not None:
        assert ctx.get(dut.target) == target, hex(bits)


def test_targets_of_words(simulate, rng):
    dut = Predictor(16)

    async def bench(ctx):
        for row in INSNS:
            for _ in range(40 if row.unit in (Unit.BRANCH, Unit.JUMP) else 4):
                word = row.match | rng.getrandbits(32) & ~row.mask
                check(ctx, dut, word, False, word, 2 * rng.getrandbits(31))

    simulate(dut, bench)


def test_targets_of_halfwords(simulate, rng):
    dut = Predictor(16)

    async def bench(ctx):
        for row in RVC:
            for _ in range(60 if row.expansion in ("cjal", "beq", "bne") else 4):
                half = row.match | rng.getrandbits(16) & ~row.mask
                if find_compressed(half).kind is Kind.EXPAND and (word := expand(half)) is not None:
                    check(ctx, dut, half | rng.getrandbits(16) << 16, True, word, 2 * rng.getrandbits(31))

    simulate(dut, bench)


def test_backward_branches_are_taken_until_experience_says_otherwise(simulate):
    dut = Predictor(16)
    word = BY_NAME["beq"].match | FIELDS["imm_b"].insert(-8)

    async def bench(ctx):
        ctx.set(dut.pc, 0x100)
        ctx.set(dut.word, word)
        ctx.set(dut.learn_pc, 0x100)
        seen = []
        for correct in (True, False, False, False, False, True, True, True):
            seen.append(ctx.get(dut.taken))
            ctx.set(dut.old, ctx.get(dut.counter))
            ctx.set(dut.correct, correct)
            ctx.set(dut.learn, 1)
            await ctx.tick()
        assert seen == [1, 1, 1, 0, 0, 0, 0, 1]

    simulate(dut, bench)
