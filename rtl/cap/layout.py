"""Shapes of a capability: as stored, and expanded the way the registers hold it.

Source: CHERIoT ISA, "Capability encoding".
"""

from amaranth.lib import data

from rtl.isa.capfmt import (
    ADDRESS_BITS,
    META,
    PERMISSIONS,
    ROOT_EXECUTABLE_META,
    ROOT_MEMORY_META,
    ROOT_SEALING_META,
    TOP_BITS,
    Otype,
)

Meta = data.StructLayout(META)
"""The metadata word, field by field."""
Permissions = data.StructLayout({name: 1 for name in PERMISSIONS})
"""The architectural permission vector, a bit per name."""


class Cap(data.Struct):
    """A capability as memory holds it: the 64 low bits are the granule, address in the lower word."""

    address: ADDRESS_BITS
    meta: Meta
    tag: 1

    def sealed(self):
        return self.meta.otype != Otype.UNSEALED


class Expanded(data.Struct):
    """A capability with its decoded bounds [base, top).

    The bounds are exact when the tag is set. Those of an untagged value mean nothing, unless they have just
    been decoded for an instruction that asks for them.
    """

    cap: Cap
    base: ADDRESS_BITS
    top: TOP_BITS


def root(meta: int, address: int = 0) -> data.Const:
    """A tagged capability for the whole address space, with the permissions of `meta`."""
    cap = {"address": address, "meta": Meta.from_bits(meta), "tag": 1}
    return Expanded.const({"cap": cap, "base": 0, "top": 1 << ADDRESS_BITS})


def root_executable(address: int = 0) -> data.Const:
    return root(ROOT_EXECUTABLE_META, address)


ROOT_MEMORY = root(ROOT_MEMORY_META)
ROOT_SEALING = root(ROOT_SEALING_META)
