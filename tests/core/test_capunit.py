"""Every capability operation against the golden capability: at the edges, at random, and the worked vectors."""

from dataclasses import replace

import pytest

from rtl.core.capunit import CapOp, CapUnit
from rtos_model.machine.capability import (
    NULL,
    ROOT_EXECUTABLE,
    ROOT_MEMORY,
    ROOT_SEALING,
    Cap,
    Perm,
    alignment_mask,
    representable_length,
)
from tests.capabilities import WORD, bits, edge_ranges, expanded, pattern, reachable, some_word
from tests.vectors import capability, worked

RESULTS = {
    CapOp.INCADDR: lambda a, b: a.with_address(a.address + b.address),
    CapOp.SETADDR: lambda a, b: a.with_address(b.address),
    CapOp.SETBOUNDS: lambda a, b: a.with_bounds(b.address),
    CapOp.SETBOUNDSEXACT: lambda a, b: a.with_bounds(b.address, exact=True),
    CapOp.SETBOUNDSROUNDDOWN: lambda a, b: a.with_bounds_rounded_down(b.address),
    CapOp.SEAL: Cap.seal,
    CapOp.UNSEAL: Cap.unseal,
    CapOp.ANDPERM: lambda a, b: a.with_permissions(b.address),
    CapOp.SETHIGH: lambda a, b: Cap.from_words(0, b.address, a.address),
    CapOp.MOVE: lambda a, b: a,
    CapOp.CLEARTAG: lambda a, b: a.without_tag(),
    CapOp.TESTSUBSET: lambda a, b: b.subset_of(a),
    CapOp.SETEQUALEXACT: lambda a, b: a == b,
    CapOp.GETPERM: lambda a, b: a.permissions,
    CapOp.GETTYPE: lambda a, b: a.otype,
    CapOp.GETBASE: lambda a, b: a.bounds()[0],
    CapOp.GETTOP: lambda a, b: min(a.bounds()[1], WORD - 1),
    CapOp.GETLEN: lambda a, b: a.length,
    CapOp.GETTAG: lambda a, b: a.tag,
    CapOp.GETADDR: lambda a, b: a.address,
    CapOp.GETHIGH: lambda a, b: a.metadata,
    CapOp.CRRL: lambda a, b: representable_length(a.address),
    CapOp.CRAM: lambda a, b: alignment_mask(a.address),
}
BOUNDS_READERS = (CapOp.GETBASE, CapOp.GETTOP, CapOp.GETLEN, CapOp.TESTSUBSET)
"""Operations to which untagged operands bring their bounds."""
NO_SECOND = {op for op in CapOp if op.name.startswith("GET")} | {CapOp.MOVE, CapOp.CLEARTAG, CapOp.CRRL, CapOp.CRAM}


def integer(value):
    return replace(NULL, address=value % WORD)


class Driver:
    """Puts operations on a unit and compares; the bounds of untagged operands are noise where nobody may look."""

    def __init__(self, dut, rng):
        self.dut, self.rng = dut, rng

    def operand(self, cap, op):
        known = cap.tag or op in BOUNDS_READERS or self.rng.randrange(2)
        return expanded(cap, None if known else (self.rng.getrandbits(32), self.rng.getrandbits(33)))

    def check(self, ctx, op, a, b=NULL):
        dut = self.dut
        want = RESULTS[op](a, b)
        want = want if isinstance(want, Cap) else integer(want)
        ctx.set(dut.op, op)
        ctx.set(dut.a.as_value(), self.operand(a, op))
        ctx.set(dut.b.as_value(), self.operand(b, op))
        name = f"{op.name} of {a} and {b}"
        assert ctx.get(dut.result.cap.as_value()) == bits(want), f"{name}: {ctx.get(dut.result)}"
        assert ctx.get(dut.sum) == a.address + b.address
        if want.tag:
            assert (ctx.get(dut.result.base), ctx.get(dut.result.top)) == want.bounds(), name
        return want


@pytest.fixture
def drive(simulate, rng):
    """Run a function of simulation context and driver."""

    def run(function):
        dut = CapUnit()

        async def bench(ctx):
            function(ctx, Driver(dut, rng))

        simulate(dut, bench, clocked=False)

    return run


@pytest.mark.parametrize("op", CapOp, ids=lambda op: op.name)
def test_any_operands(drive, rng, op):
    kept = 0

    def operands():
        a, b = reachable(rng), integer(some_word(rng))
        if op in (CapOp.SEAL, CapOp.UNSEAL):
            b = ROOT_SEALING.with_address(rng.randrange(18)).with_bounds(rng.choice((0, 1, 2, 7, 16)))
            b = b.with_address(b.address + rng.choice((0, 0, 0, 1))) if rng.randrange(4) else reachable(rng)
            if not rng.randrange(4):
                b = b.with_permissions(rng.getrandbits(12) | rng.getrandbits(12))
            a = a if rng.randrange(4) else a.seal(ROOT_SEALING.with_address(rng.randrange(16)))
        elif op in (CapOp.TESTSUBSET, CapOp.SETEQUALEXACT):
            b = rng.choice((a, reachable(rng), a.with_bounds(rng.getrandbits(6)), a.with_permissions(some_word(rng))))
            if not rng.randrange(4):
                b = Cap.from_words(b.tag, b.metadata ^ 1 << rng.randrange(32), b.address)
            a, b = rng.choice(((a, b), (b, a)))
        elif op is CapOp.ANDPERM:
            b = integer(rng.getrandbits(12) | rng.getrandbits(12) | rng.choice((0, 0xFFE)) | some_word(rng) << 12)
        elif rng.randrange(2):
            base, top = a.bounds()
            b = integer(rng.choice((base, top, top - base, top - a.address, rng.getrandbits(8), -rng.getrandbits(8))))
        if not rng.randrange(4):
            a, b = rng.choice(
                ((a.without_tag(), b), (pattern(rng), b), (pattern(rng), pattern(rng)), (a, pattern(rng)))
            )
        return a, NULL if op in NO_SECOND else b

    def run(ctx, driver):
        nonlocal kept
        for _ in range(500):
            kept += driver.check(ctx, op, *operands()).tag

    drive(run)
    assert kept >= 50 or not RESULTS[op](ROOT_MEMORY, NULL) == ROOT_MEMORY, "too few results with a tag"


@pytest.mark.parametrize("op", [op for op in CapOp if op.name.startswith("SETBOUNDS")], ids=lambda op: op.name)
def test_narrowing_at_the_edges(drive, rng, op):
    """Requests that just fit and just do not, in bounds at the edges of every exponent."""

    def run(ctx, driver):
        for _, base, length in rng.sample([*edge_ranges()], 400):
            outer = ROOT_MEMORY.with_address(base).with_bounds(length)
            base, top = outer.bounds()
            unit = 1 << outer.exponent
            for address in {base, base + 1, max(base - 1, 0), top, base + unit}:
                for length in {top - address, top - address + 1, top - address - 1, base - address, unit}:
                    moved = replace(outer, address=address % WORD)
                    moved = moved if moved.bounds() == outer.bounds() else moved.without_tag()
                    driver.check(ctx, op, moved, integer(length))

    drive(run)


def test_all_permission_masks_on_all_formats(drive, rng):
    def run(ctx, driver):
        for compressed in range(64):
            for sealed in (0, rng.randrange(1, 8)):
                cap = replace(ROOT_MEMORY, perms=compressed, otype_field=sealed)
                masks = [*(0xFFF ^ 1 << bit for bit in range(12)), 0, 0xFFE, 0xFFF, *(rng.getrandbits(32),) * 5]
                for mask in masks:
                    driver.check(ctx, CapOp.ANDPERM, cap, integer(mask))
                driver.check(ctx, CapOp.GETPERM, cap)
                driver.check(ctx, CapOp.GETTYPE, cap)

    drive(run)


def test_every_type_with_every_authority(drive):
    """Sealing and unsealing: types from 0 to beyond 15, executable or not, the authority's bounds around them."""

    def run(ctx, driver):
        keys = [
            ROOT_SEALING.with_address(base).with_bounds(length) for base in range(18) for length in (0, 1, 2, 16, 400)
        ]
        keys += [key.with_permissions(0xFFF & ~lost) for key in keys[::7] for lost in (Perm.SE, Perm.US, Perm.GL)]
        keys += [ROOT_SEALING.with_address(high | low) for high in (16, 1 << 31) for low in (1, 9)]
        keys += [
            ROOT_SEALING.with_address(9).without_tag(),
            ROOT_SEALING.with_address(9).seal(ROOT_SEALING.with_address(9)),
        ]
        for key in keys * 2:
            for root in (ROOT_EXECUTABLE, ROOT_MEMORY):
                driver.check(ctx, CapOp.SEAL, root, key)
                for otype in (0, 1, 2, 7):
                    driver.check(ctx, CapOp.UNSEAL, replace(root, otype_field=otype), key)

    drive(run)


def test_worked_vectors(drive):
    def run(ctx, driver):
        def numbers(*texts):
            return [int(text, 0) for text in texts]

        for name, tag, metadata, address, *_, otype, _, _, _, base, top, length in worked("D"):
            cap = Cap.from_words(*numbers(tag, metadata, address))
            top = min(int(top, 0), WORD - 1)
            for op, value in zip(
                (CapOp.GETTYPE, CapOp.GETBASE, CapOp.GETTOP, CapOp.GETLEN), (otype, base, top, length), strict=True
            ):
                assert driver.check(ctx, op, cap).address == int(str(value), 0), name
        for name, base, length, _, _, _, metadata, _, _, _, tags in worked("S"):
            cap, length = ROOT_MEMORY.with_address(int(base, 0)), integer(int(length, 0))
            for op, tag in zip((CapOp.SETBOUNDS, CapOp.SETBOUNDSEXACT), tags.split(" / "), strict=True):
                got = driver.check(ctx, op, cap, length)
                assert (got.metadata, got.tag) == (int(metadata, 0), int(tag)), name
        for name, base, length, _, _, _, metadata, top, _ in worked("R"):
            cap, length = ROOT_MEMORY.with_address(int(base, 0)), integer(int(length, 0))
            got = driver.check(ctx, CapOp.SETBOUNDSROUNDDOWN, cap, length)
            assert (got.metadata, got.tag, got.bounds()[1]) == (int(metadata, 0), 1, int(top, 0)), name
        for name, length, rounded, mask in worked("L"):
            assert driver.check(ctx, CapOp.CRRL, integer(int(length, 0))).address == int(rounded, 0), name
            assert driver.check(ctx, CapOp.CRAM, integer(int(length, 0))).address == int(mask, 0), name
        for name, metadata, old, new, tag, *_ in worked("A"):
            cap, address = Cap.from_words(1, *numbers(metadata, old)), integer(int(new, 0))
            assert driver.check(ctx, CapOp.SETADDR, cap, address).tag == int(tag), name
            increment = integer(address.address - cap.address)
            assert driver.check(ctx, CapOp.INCADDR, cap, increment).tag == int(tag), name
        for name, operation, want, *_ in worked("C"):
            op, cap, operand = vector_of_sealing(operation)
            assert driver.check(ctx, op, cap, operand) == capability(want), name

    drive(run)


SOURCES = {
    "DATA": "1 0x7E008000 0x80001000",
    "EXEC": "1 0x5E3E0000 0x80000400",
    "SD9": "1 0x7E408000 0x80001000",
    "SENTRY": "1 0x5E7E0000 0x80000400",
}
OPERATIONS = {
    "cseal": CapOp.SEAL,
    "cunseal": CapOp.UNSEAL,
    "candperm": CapOp.ANDPERM,
    "csethigh": CapOp.SETHIGH,
    "cincaddrimm": CapOp.INCADDR,
    "csetboundsimm": CapOp.SETBOUNDS,
}


def vector_of_sealing(text):
    """Operation and operands of a vector such as `cunseal SD9, KEY(10) with bounds [10,12)`."""
    words, _, operand = text.partition(", ")
    mnemonic, source = words.split()
    if not operand.startswith("KEY("):
        return OPERATIONS[mnemonic], capability(SOURCES[source]), integer(int(operand, 0))
    number, _, rest = operand.removeprefix("KEY(").partition(")")
    key = ROOT_SEALING.with_address(int(number))
    if rest == " without GL":
        key = key.with_permissions(0xFFE)
    elif rest:
        base, top = (int(bound) for bound in rest.removeprefix(" with bounds [").removesuffix(")").split(","))
        key = key.with_address(base).with_bounds(top - base)
    return OPERATIONS[mnemonic], capability(SOURCES[source]), key
