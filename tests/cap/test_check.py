"""The access check: bounds at every edge, faults in their order."""

from rtl.cap.check import AccessCheck
from rtl.isa.trap import CapFault
from rtos_model.machine.capability import NULL, ROOT_MEMORY, Perm
from tests.capabilities import WORD, expanded, reachable, some_range, some_word

CAPABILITY = 3
"""log2 of the size of a capability."""


def expected(authority, address, size, store, value_tag):
    """The first check that fails, in the order of the ISA document, and whether a capability is misaligned."""
    base, top = authority.bounds()
    checks = (
        (authority.tag, CapFault.TAG),
        (not authority.sealed, CapFault.SEAL),
        (store or authority.permissions & Perm.LD, CapFault.PERMIT_LOAD),
        (not store or authority.permissions & Perm.SD, CapFault.PERMIT_STORE),
        (
            not (store and size == CAPABILITY and value_tag) or authority.permissions & Perm.MC,
            CapFault.PERMIT_STORE_CAPABILITY,
        ),
        (base <= address and address + (1 << size) <= top, CapFault.BOUNDS),
    )
    fault = next((fault for passed, fault in checks if not passed), CapFault.NONE)
    return fault, fault == CapFault.NONE and size == CAPABILITY and address % 8 != 0


async def check(ctx, dut, authority, address, size, store, value_tag, bounds=None):
    ctx.set(dut.authority.as_value(), expanded(authority, bounds))
    ctx.set(dut.address, address)
    ctx.set(dut.size, size)
    ctx.set(dut.store, store)
    ctx.set(dut.value_tag, value_tag)
    name = f"{authority} at {address:#x}, size {1 << size}, store {store}, value {value_tag}"
    got = CapFault(ctx.get(dut.fault)), ctx.get(dut.misaligned)
    assert got == expected(authority, address, size, store, value_tag), name


def test_edges_of_the_bounds(simulate, rng):
    dut = AccessCheck()

    async def bench(ctx):
        ranges = [(0, 0), (0, 3), (0, 8), (WORD - 8, 8), (WORD - 3, 3), (WORD - 1, 1), (8, 0), (0x7FFFFFFC, 8)]
        for base, length in ranges + [some_range(rng) for _ in range(40)]:
            authority = ROOT_MEMORY.with_address(base % WORD).with_bounds(length)
            base, top = authority.bounds()
            for size in range(4):
                for near in (base, top):
                    for beside in range(-9, 10):
                        await check(ctx, dut, authority, (near + beside) % WORD, size, beside & 1, 0)
                await check(ctx, dut, authority, (top - (1 << size) ^ 1 << 31) % WORD, size, 0, 0)
        for address in (0, 1, WORD - 9, WORD - 8, WORD - 7, WORD - 4, WORD - 1):
            for size in range(4):
                await check(ctx, dut, ROOT_MEMORY, address, size, 1, 1)

    simulate(dut, bench, clocked=False)


def test_faults_and_their_order(simulate, rng):
    dut = AccessCheck()

    async def bench(ctx):
        for _ in range(6_000):
            authority = reachable(rng)
            base, top = authority.bounds()
            inside = rng.randrange(base, top + 1)
            address = rng.choice((inside, inside & ~7, authority.address, some_word(rng))) % WORD
            bounds = None
            if not rng.randrange(6):  # the bounds of an untagged authority mean nothing
                authority, bounds = authority.without_tag(), (some_word(rng), rng.getrandbits(33))
            size = rng.choice((0, 1, 2, 3, 3))
            await check(ctx, dut, authority, address, size, rng.getrandbits(1), rng.getrandbits(1), bounds)
        await check(ctx, dut, NULL, 0, 3, 0, 0)

    simulate(dut, bench, clocked=False)
