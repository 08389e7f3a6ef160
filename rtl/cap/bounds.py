"""Expand a stored capability into a 32-bit base and a 33-bit, exclusive top.

Source: CHERIoT ISA, "Capability bounds".
"""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.cap.exponent import below_unit, below_window, units
from rtl.cap.layout import Cap
from rtl.isa.capfmt import ADDRESS_BITS, EXPONENT_LARGEST_DENSE, EXPONENT_MAX, EXPONENT_MAX_STORED, MANTISSA, TOP_BITS


class BoundsDecoder(wiring.Component):
    """Combinational. Defined for every bit pattern, tagged or not."""

    cap: In(Cap)
    base: Out(ADDRESS_BITS)
    top: Out(TOP_BITS)

    def elaborate(self, platform):
        m = Module()
        meta, address = self.cap.meta, self.cap.address
        large = meta.exp == EXPONENT_MAX_STORED

        def placed(mantissa):
            dense = (mantissa << meta.exp)[: MANTISSA + EXPONENT_LARGEST_DENSE]
            return Mux(large, mantissa << EXPONENT_MAX, dense)

        window = Signal(TOP_BITS)
        middle = Signal(MANTISSA)
        high, other_high = Signal(TOP_BITS), Signal(TOP_BITS)
        base_in_next, top_in_next = Signal(), Signal()
        m.d.comb += [
            window.eq(below_window(below_unit(meta.exp))),
            middle.eq(units(address, meta.exp, MANTISSA)),  # with e = 24 there is one window only
            # The window that the address lies in starts at `high`, the only other one that either bound can
            # start from is the window below it or, if the base is in the address's own, the one above.
            high.eq(address & ~window),
            base_in_next.eq(middle < meta.base),
            top_in_next.eq(base_in_next ^ (meta.top < meta.base)),
            other_high.eq(high + Mux(base_in_next, ~window, Cat(0, window) & ~window)),
            self.base.eq(placed(meta.base) | Mux(base_in_next, other_high, high)),
            self.top.eq(placed(meta.top) | Mux(top_in_next, other_high, high)),
        ]
        return m
