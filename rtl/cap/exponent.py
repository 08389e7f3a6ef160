"""Which address bits an exponent leaves out: the masks that bounds arithmetic is made of.

Source: CHERIoT ISA, "Capability encoding": bounds are multiples of 2**e within a window of 2**(e + 9) bytes,
with e in 0..14 or 24.
"""

from amaranth.hdl import Cat, Const, Mux

from rtl.isa.capfmt import EXPONENT_LARGEST_DENSE, EXPONENT_MAX, EXPONENT_MAX_STORED, MANTISSA


def below_unit(stored):
    """A mask of 24 bits: bit k tells that bit k of an address lies below the unit 2**e, that is, e > k."""
    dense = [stored > k for k in range(EXPONENT_LARGEST_DENSE)]
    large = stored == EXPONENT_MAX_STORED
    return Cat(*dense, large.replicate(EXPONENT_MAX - EXPONENT_LARGEST_DENSE))


def below_window(below):
    """From `below_unit`, a mask of 33 bits: bit k tells that bit k lies below the window's size 2**(e + 9)."""
    return Cat(Const(-1, MANTISSA), below)


def units(address, exp, width):
    """`width` bits of `address` from bit `exp` on, for dense exponents.

    The coarse shifts come first: fewer bits to go on with, and they know their amount first.
    """
    for stage in reversed(range(len(exp))):
        keep = width + (1 << stage) - 1
        address = Mux(exp[stage], address[1 << stage :][:keep], address[:keep])
    return address
