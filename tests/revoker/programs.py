"""What the core does in tests of the revoker: values worth storing, and programs of accesses."""

from rtl.bus.port import LINE
from rtl.revoker.sweep import PATIENCE
from rtos_model.machine.capability import ROOT_MEMORY, ROOT_SEALING, Perm
from tests.capabilities import bits
from tests.revoker.bench import BASE, TAG, Access, epoch_read, paint, store, sweep

LINES = 64
END = BASE + LINES * LINE
OBJECT = BASE + 0x100


def to(address, length=8, *, offset=0, permissions=0xFFF):
    """A capability for an object, pointing `offset` behind its start."""
    cap = ROOT_MEMORY.with_address(address).with_bounds(length, exact=True).with_permissions(permissions)
    return bits(cap.with_address(address + offset))


STALE = to(OBJECT, 32, offset=12)
LIVE = to(OBJECT + 32, 32)
BELOW = to(OBJECT - 8, 8, offset=8)  # its address is in the object, its base is not
SEALED = bits(ROOT_MEMORY.with_address(OBJECT).with_bounds(16).seal(ROOT_SEALING.with_address(12)))
EMPTY = to(OBJECT, 16, permissions=Perm.GL)  # sealing format without permissions: still memory
TYPES = bits(ROOT_SEALING.with_address(OBJECT).with_bounds(1, exact=True))  # names types, not memory
VALUES = (STALE, LIVE, BELOW, SEALED, EMPTY, TYPES)
SETTLED = [None] * 40
"""Time for a short sweep to end."""


def free(painted=1):
    return paint(OBJECT, painted)


def stores_beside_the_sweep():
    """A store to the granule under the sweep, and to others, in each cycle around its visit."""
    yield free()
    for delay in range(8):
        for access in (
            store(BASE + 8, LIVE),
            store(BASE + 8, STALE),
            store(BASE + 8, 0x1234),
            store(BASE + 8, 0x55 << 24, 1 << 3),
            store(BASE + 16, STALE),
            store(BASE, STALE),
        ):
            yield from (store(BASE + 8, STALE), store(BASE + 16, 0), *sweep(BASE, BASE + 32), *[None] * delay)
            yield from (access, *SETTLED)


def stores_on_a_busy_port():
    """The sweep gets a cycle only now and then; a store to its granule in each cycle from reading to clearing."""
    yield free()
    for delay in range(2 * PATIENCE):
        for access in (store(BASE, LIVE), store(BASE, 0x55 << 24, 1 << 3)):
            yield from (store(BASE, STALE), *sweep(BASE, BASE + 8), *[Access(END - 8)] * delay)
            yield from (access, *[Access(END - 8)] * PATIENCE, *SETTLED)


def painting_beside_the_sweep():
    """A store to the bitmap in each cycle around the visit of a capability that it concerns."""
    for delay in range(8):
        for painted in (0, 1):
            yield from (free(1 - painted), store(BASE + 8, STALE), *sweep(BASE, BASE + 32), *[None] * delay)
            yield from (free(painted), *SETTLED)


def chaos(rng, *, cycles, busy):
    """Anything a program may do to a few lines, the bitmap and the revoker."""
    places = [BASE + LINE * n for n in (*range(6), LINES - 1)]
    values = (*VALUES, STALE, STALE, rng.getrandbits(64))
    for _ in range(cycles):
        if rng.random() > busy:
            yield None
            continue
        what = rng.randrange(20)
        if what < 8:
            yield store(rng.choice(places), rng.choice(values))
        elif what < 10:
            yield store(rng.choice(places), rng.getrandbits(64), 1 << rng.randrange(8))
        elif what < 15:
            yield Access(rng.choice(places))
        elif what < 17:
            yield free(rng.randrange(2))
        elif what < 18:
            yield epoch_read()
        else:
            yield from sweep(BASE + rng.randrange(16), BASE + rng.choice([16, 32, 48, END - BASE + 8, END - BASE]))


def full_of(values):
    """Fill all lines."""
    for place in range(LINES):
        yield store(BASE + place * LINE, values[place % len(values)])


def all_values():
    """A sweep over everything that memory may hold, with the object freed."""
    yield free()
    yield from full_of((*VALUES, STALE & ~TAG))
    yield from (*sweep(BASE, END), *[None] * 4 * LINES)
    for place in range(LINES):
        yield Access(BASE + place * LINE)


def busy_waiting():
    """Sweeps, one after the other, with a program that looks at the epoch all the time."""
    yield from (free(), *full_of((STALE, 0, LIVE, STALE)))
    for end in (0, 8, 16, 40):
        yield from sweep(BASE, BASE + end)
        for _ in range(60):
            yield epoch_read()
