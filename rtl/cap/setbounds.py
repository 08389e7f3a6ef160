"""Encode requested bounds: what csetbounds, csetboundsrounddown, crrl and cram have in common.

Source: CHERIoT ISA, CSetBounds, CSetBoundsRoundDown, CRoundRepresentableLength, CRepresentableAlignmentMask.
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.cap.exponent import below_window, units
from rtl.isa.capfmt import (
    ADDRESS_BITS,
    EXPONENT_LARGEST_DENSE,
    EXPONENT_MAX,
    EXPONENT_MAX_STORED,
    MANTISSA,
    META,
    TOP_BITS,
)


class BoundsEncoder(wiring.Component):
    """Combinational.

    `request_base`, `request_length` and `request_top` = their 33-bit sum are what is asked for. Normally the
    result is the smallest encodable range around the request; `exact` tells that it is the request. With
    `round_down` it starts exactly at the request's base and is as long as an exponent up to 14 permits, but not
    longer than the request.

    `exp`, `top_field` and `base_field` encode it, `base` and `top` are its bounds, and `below` has a bit for
    each address bit below its unit 2**e. For base 0, `top` is the representable length modulo 2**32, and
    `below` the inverse of the alignment mask.
    """

    request_base: In(ADDRESS_BITS)
    request_length: In(ADDRESS_BITS)
    request_top: In(TOP_BITS)
    round_down: In(1)
    exp: Out(META["exp"])
    base_field: Out(MANTISSA)
    top_field: Out(MANTISSA)
    base: Out(ADDRESS_BITS)
    top: Out(TOP_BITS)
    exact: Out(1)
    below: Out(EXPONENT_MAX)

    def elaborate(self, platform):
        m = Module()
        dense, span = EXPONENT_LARGEST_DENSE, EXPONENT_LARGEST_DENSE + MANTISSA + 1
        base, length, top = self.request_base, self.request_length, self.request_top
        down = self.round_down

        # First choice: the smallest exponent that the length fits, as a mask: bit k tells e > k.
        length_needs = Signal(dense + 1)
        base_allows = Signal(dense)
        below = Signal(dense)
        exp = Signal(META["exp"])
        m.d.comb += [
            length_needs.eq(Cat(length[k + MANTISSA :].any() for k in range(dense + 1))),
            base_allows.eq(Cat(~base[: k + 1].any() for k in range(dense))),
            below.eq(length_needs & (base_allows | ~down.replicate(dense))),
            exp.eq(Cat(below[(1 << bit) - 1 :: 1 << bit].xor() for bit in range(META["exp"]))),
        ]
        base_units, top_units, size = Signal(MANTISSA + 1), Signal(MANTISSA + 1), Signal(MANTISSA + 1)
        base_loses, top_loses = Signal(), Signal()
        m.d.comb += [
            base_units.eq(units(base[:span], exp, MANTISSA + 1)),
            top_units.eq(units(top[:span], exp, MANTISSA + 1)),
            size.eq(top_units - base_units),
            base_loses.eq((length_needs & ~base_allows)[:dense].any()),
            top_loses.eq((top & below).any()),
        ]

        # Rounding both ends outwards may make it 512 units: then the next exponent.
        next_exp, large, short = Signal(), Signal(), Signal()
        too_long = ~down & length_needs[dense]
        full = size[:MANTISSA].all()
        below_now, below_next = Signal(EXPONENT_MAX), Signal(EXPONENT_MAX)
        m.d.comb += [
            next_exp.eq(~down & (size[MANTISSA] | full & top_loses)),
            large.eq(too_long | next_exp & below[dense - 1]),
            short.eq(down & (length_needs[dense] | base_loses)),
            self.exp.eq(Mux(large, EXPONENT_MAX_STORED, exp + next_exp)),
            below_now.eq(Cat(below, too_long.replicate(EXPONENT_MAX - dense))),
            below_next.eq(Cat(1, below[:-1], below[-1].replicate(EXPONENT_MAX - dense))),
            self.below.eq(Mux(next_exp, below_next, below_now)),
        ]
        top_floor = Signal(MANTISSA)
        top_inexact = Signal()
        m.d.comb += [
            self.base_field.eq(Mux(large, base[EXPONENT_MAX:], Mux(next_exp, base_units[1:], base_units))),
            top_floor.eq(Mux(large, top[EXPONENT_MAX:], Mux(next_exp, top_units[1:], top_units))),
            top_inexact.eq(top_loses | next_exp & top_units[0] | large & top[dense:EXPONENT_MAX].any()),
            # A range that takes the next exponent has lost something at the first one.
            self.exact.eq(~(base_loses | top_loses | too_long & (base | top)[dense:EXPONENT_MAX].any())),
            # The longest range is 511 units: its top field is the base field less one.
            self.top_field.eq(
                Mux(short, self.base_field, top_floor) + Mux(short, Const(-1, MANTISSA), top_inexact & ~down)
            ),
        ]
        # Both tops are ready before it is known which exponent it will be.
        window, top_now, top_next = Signal(TOP_BITS), Signal(TOP_BITS), Signal(TOP_BITS)
        multiple = ~Cat(self.below, Const(0, TOP_BITS - EXPONENT_MAX))
        m.d.comb += [
            window.eq(below_window(below_now)),
            top_now.eq(Mux(short, base, top) + Mux(down, window & short.replicate(TOP_BITS), below_now)),
            top_next.eq(top + below_next),
            self.base.eq(base & multiple),
            self.top.eq(Mux(next_exp, top_next, top_now) & multiple),
        ]
        return m
