"""Where each bit of a capability lives, and what the numbers mean. Facts only: no arithmetic.

Source: CHERIoT ISA, "Capability encoding". A capability is a 32-bit address (lower word), a 32-bit metadata
word (upper word) and a tag.
"""

import enum

ADDRESS_BITS = 32
TOP_BITS = 33
"""Width of a decoded, exclusive top: 2**32 is a legal top."""
MANTISSA = 9
META = {"base": MANTISSA, "top": MANTISSA, "exp": 4, "otype": 3, "perms": 6, "reserved": 1}
"""Fields of the metadata word with their widths, least significant first."""
EXPONENT_MAX = 24
EXPONENT_MAX_STORED = 15
"""The stored exponent 15 means 24; the others mean themselves."""
EXPONENT_LARGEST_DENSE = 14

PERMISSIONS = ("GL", "LG", "SD", "LM", "SL", "LD", "MC", "SR", "EX", "US", "SE", "U0")
"""The architectural permission vector of `cgetperm`, bit 0 first."""

COMPRESSED_GLOBAL = 5
"""Bit of the compressed permissions that is GL in every format."""


class Format(enum.Enum):
    """Formats of the low five compressed permission bits: pattern, what it implies, what its free bits grant.

    In the pattern, '-' is a free bit; `optional` names the free bits from the most significant down.
    The first format, in this order, whose implied permissions are all present is the one that encodes a vector
    (DATA needs one of LD and SD, and SEALING takes the rest).
    """

    EXECUTABLE = ("01---", ("EX", "LD", "MC"), ("SR", "LM", "LG"))
    READ_WRITE = ("11---", ("LD", "MC", "SD"), ("SL", "LM", "LG"))
    READ_ONLY = ("101--", ("LD", "MC"), ("LM", "LG"))
    WRITE_ONLY = ("10000", ("SD", "MC"), ())
    DATA = ("100--", (), ("LD", "SD"))
    SEALING = ("00---", (), ("U0", "SE", "US"))

    def __init__(self, pattern: str, implied: tuple[str, ...], optional: tuple[str, ...]):
        self.pattern = pattern
        self.implied = implied
        self.optional = optional


class Otype(enum.IntEnum):
    """Object types of executable capabilities. Software types of other capabilities are 9 to 15."""

    UNSEALED = 0
    SENTRY_INHERIT = 1
    SENTRY_DISABLE = 2
    SENTRY_ENABLE = 3
    RETURN_DISABLE = 4
    RETURN_ENABLE = 5


DATA_OTYPE = 8
"""Added to the stored type of a sealed capability without EX."""

ROOT_EXECUTABLE_META = 0x5E3E0000
ROOT_MEMORY_META = 0x7E3E0000
ROOT_SEALING_META = 0x4E3E0000

GRANULE = 8
"""Bytes of memory with one tag, and of heap with one revocation bit."""
