"""Bit manipulation on the address halves of two operands. Source: RISC-V unprivileged ISA, Zba Zbb Zbs Zbkb Zbkc.

Operands are register values or immediates, of which only the low 32 bits count; results are 32-bit integers.
"""

from collections.abc import Callable

from rtos_model.machine.semantics.integer import signed
from rtos_model.machine.value import ADDRESS as WORD

BITS_IN_WORD = 32


def leading_zeros(a: int) -> int:
    return BITS_IN_WORD - (a & WORD).bit_length()


def trailing_zeros(a: int) -> int:
    a = a & WORD | 1 << BITS_IN_WORD
    return (a & -a).bit_length() - 1


def rotated_right(a: int, by: int) -> int:
    doubled = (a & WORD) << BITS_IN_WORD | a & WORD
    return doubled >> (by & 31) & WORD


def by_bytes(a: int, change: Callable[[int], int]) -> int:
    return int.from_bytes(bytes(map(change, (a & WORD).to_bytes(4, "little"))), "little")


def reversed_byte(byte: int) -> int:
    return int(f"{byte:08b}"[::-1], 2)


def interleaved(a: int) -> int:
    """Bits of the lower half at even places, those of the upper half at odd ones."""
    return sum((a >> i & 1) << 2 * i | (a >> 16 + i & 1) << 2 * i + 1 for i in range(16))


def separated(a: int) -> int:
    """The inverse of `interleaved`."""
    return sum((a >> 2 * i & 1) << i | (a >> 2 * i + 1 & 1) << 16 + i for i in range(16))


def carryless_product(a: int, b: int) -> int:
    """Product of two polynomials over bits: 63 bits."""
    product = 0
    for bit in range(BITS_IN_WORD):
        if b >> bit & 1:
            product ^= (a & WORD) << bit
    return product


BITS = {
    "sh1add": lambda a, b: (a << 1) + b & WORD,
    "sh2add": lambda a, b: (a << 2) + b & WORD,
    "sh3add": lambda a, b: (a << 3) + b & WORD,
    "andn": lambda a, b: a & ~b & WORD,
    "orn": lambda a, b: (a | ~b) & WORD,
    "xnor": lambda a, b: ~(a ^ b) & WORD,
    "clz": lambda a, _: leading_zeros(a),
    "ctz": lambda a, _: trailing_zeros(a),
    "cpop": lambda a, _: (a & WORD).bit_count(),
    "sext_b": lambda a, _: (a & 0xFF ^ 0x80) - 0x80 & WORD,
    "sext_h": lambda a, _: (a & 0xFFFF ^ 0x8000) - 0x8000 & WORD,
    "pack": lambda a, b: a & 0xFFFF | (b & 0xFFFF) << 16,
    "max": lambda a, b: max(signed(a), signed(b)) & WORD,
    "maxu": lambda a, b: max(a & WORD, b & WORD),
    "min": lambda a, b: min(signed(a), signed(b)) & WORD,
    "minu": lambda a, b: min(a & WORD, b & WORD),
    "rol": lambda a, b: rotated_right(a, -b),
    "ror": rotated_right,
    "orc_b": lambda a, _: by_bytes(a, lambda byte: 0xFF if byte else 0),
    "rev8": lambda a, _: int.from_bytes((a & WORD).to_bytes(4, "little"), "big"),
    "bclr": lambda a, b: a & ~(1 << (b & 31)) & WORD,
    "bext": lambda a, b: a >> (b & 31) & 1,
    "binv": lambda a, b: (a ^ 1 << (b & 31)) & WORD,
    "bset": lambda a, b: (a | 1 << (b & 31)) & WORD,
    "packh": lambda a, b: a & 0xFF | (b & 0xFF) << 8,
    "brev8": lambda a, _: by_bytes(a, reversed_byte),
    "zip": lambda a, _: interleaved(a),
    "unzip": lambda a, _: separated(a),
    "clmul": lambda a, b: carryless_product(a, b) & WORD,
    "clmulh": lambda a, b: carryless_product(a, b) >> BITS_IN_WORD,
}
