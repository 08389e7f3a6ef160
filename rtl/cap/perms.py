"""Permissions: 6 stored bits to the 12-bit architectural vector, and back.

Source: CHERIoT ISA, "Permission encoding".
"""

from amaranth.hdl import Cat, Const, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.cap.layout import Permissions
from rtl.isa.capfmt import COMPRESSED_GLOBAL, META, Format


def grants(compressed, name: str):
    """Whether the stored permissions contain the named one: a function of at most five bits."""
    if name == "GL":
        return compressed[COMPRESSED_GLOBAL]
    ways = []
    for form in Format:
        matches = compressed[:COMPRESSED_GLOBAL].matches(form.pattern)
        if name in form.implied:
            ways.append(matches)
        elif name in form.optional:
            ways.append(matches & compressed[len(form.optional) - 1 - form.optional.index(name)])
    return Cat(*ways).any()


def type_authority(compressed):
    """Whether the stored permissions grant anything over object types: SE, US or U0.

    Such a capability names types, not memory, so its base is never looked up in the revocation bitmap.
    """
    return Cat(*(grants(compressed, name) for name in ("SE", "US", "U0"))).any()


class PermissionsDecoder(wiring.Component):
    """Combinational."""

    compressed: In(META["perms"])
    permissions: Out(Permissions)

    def elaborate(self, platform):
        m = Module()
        for name in Permissions.members:
            m.d.comb += self.permissions[name].eq(grants(self.compressed, name))
        return m


class PermissionsEncoder(wiring.Component):
    """Combinational. Any vector has an encoding; the permissions that its format cannot express are dropped."""

    permissions: In(Permissions)
    compressed: Out(META["perms"])

    def elaborate(self, platform):
        m = Module()
        wanted = self.permissions
        fits = {form: Cat(*(wanted[name] for name in form.implied)).all() for form in Format}
        fits[Format.DATA] = wanted.LD | wanted.SD  # an empty one means something else
        for form in reversed(Format):  # the last assignment wins: the first format that fits
            with m.If(fits[form]):
                free = [wanted[name] for name in reversed(form.optional)]
                fixed = int(form.pattern.replace("-", "0"), 2) >> len(free)
                fixed = Const(fixed, COMPRESSED_GLOBAL - len(free))
                m.d.comb += self.compressed.eq(Cat(*free, fixed, wanted.GL))
        return m
