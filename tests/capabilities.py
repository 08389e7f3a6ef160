"""Capabilities for tests of circuits: at the edges of the encoding, derived from a root, or any pattern at all."""

from rtl.isa.capfmt import EXPONENT_LARGEST_DENSE, EXPONENT_MAX
from rtos_model.machine.capability import ROOT_EXECUTABLE, ROOT_MEMORY, ROOT_SEALING, Cap

WORD = 1 << 32
EXPONENTS = (*range(EXPONENT_LARGEST_DENSE + 1), EXPONENT_MAX)
MANTISSAS = (0, 1, 2, 0xFF, 0x100, 0x101, 0x1FE, 0x1FF)


def bits(cap):
    """The 65 bits of `rtl.cap.layout.Cap`."""
    return cap.address | cap.metadata << 32 | cap.tag << 64


def expanded(cap, bounds=None):
    """The bits of `rtl.cap.layout.Expanded`, with these bounds or its own."""
    base, top = bounds or cap.bounds()
    return bits(cap) | base << 65 | top << 97


def some_word(rng):
    """32 bits: anything, small, nearly 2**32, or a few bits beside a power of two."""
    shape = rng.randrange(5)
    if shape == 0:
        return rng.getrandbits(32)
    number = rng.getrandbits(rng.randrange(1, 33))
    if shape == 1:
        number = -1 - number
    elif shape == 2:
        number = (1 << rng.randrange(33)) + rng.randrange(-2, 3)
    elif shape == 3:
        number = rng.getrandbits(10) << rng.randrange(24)
    return number % WORD


def some_range(rng, lowest=0, highest=WORD):
    """Base and length within [lowest, highest), of any size down to nothing."""
    length = rng.randrange((highest - lowest >> rng.randrange(33)) + 1)
    return lowest + rng.randrange(highest - lowest - length + 1), length


def edge_ranges():
    """Every exponent with base and length in units at the edges of the 9 mantissa bits, all over the space."""
    for exp in EXPONENTS:
        window = 1 << exp + 9
        for region in {0, window % WORD, 0x80000000 // window * window, max(WORD - window, 0)}:
            for low in MANTISSAS:
                for units in MANTISSAS:
                    base, length = region + (low << exp), units << exp
                    if base < WORD and base + length <= WORD:
                        yield exp, base, length


def reachable(rng):
    """A tagged capability such as programs can get: roots, narrowed, moved, with fewer permissions, sealed."""
    found = rng.choice((ROOT_MEMORY, ROOT_EXECUTABLE, ROOT_SEALING))
    for _ in range(rng.randrange(3)):
        base, top = found.bounds()
        base, length = some_range(rng, base, top)
        narrowed = found.with_address(base % WORD).with_bounds(length)
        found = narrowed if narrowed.tag else found
    if rng.randrange(2):
        narrowed = found.with_permissions(rng.getrandbits(12) | rng.getrandbits(12))
        found = narrowed if narrowed.tag else found
    base, top = found.bounds()
    places = (base, top, top - 1, rng.randrange(base, top + 1), base + (1 << found.exponent + 9) - 1, some_word(rng))
    moved = found.with_address(rng.choice(places))
    found = moved if moved.tag else found
    if not rng.randrange(4):
        sealed = found.seal(ROOT_SEALING.with_address(rng.randrange(16)))
        found = sealed if sealed.tag else found
    return found


def pattern(rng):
    """Any 64 bits without a tag."""
    return Cap.from_words(0, rng.getrandbits(32), some_word(rng))
