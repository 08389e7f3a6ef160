"""Loads and stores: bytes of one or two 8-byte lines on the way out, and their alignment on the way in."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.bus.port import LINE, Request
from rtl.cap.layout import Cap
from rtl.core.control import Size


class StoreAligner(wiring.Component):
    """Combinational. The request for the first or second line of an access of 1, 2, 4 or 8 bytes.

    `splits`: the access reaches into the next line; only scalars do. `tag` is already attenuated.
    """

    address: In(32)
    size: In(Size)
    write: In(1)
    second: In(1)
    value: In(Cap)
    tag: In(1)
    splits: Out(1)
    request: Out(Request)

    def elaborate(self, platform):
        m = Module()
        offset = self.address[:3]
        bytes_mask = Signal(8)
        with m.Switch(self.size):
            for size in Size:
                with m.Case(size):
                    m.d.comb += bytes_mask.eq((1 << (1 << size.value)) - 1)
        mask = Signal(16)
        word, rotated = self.value.address, Signal(32)
        # Byte lane i of either line carries byte (i - offset) mod 4 of a scalar.
        m.d.comb += [
            mask.eq(bytes_mask << offset),
            self.splits.eq(mask[LINE:].any()),
            rotated.eq(word),
        ]
        with m.Switch(offset[:2]):
            for shift in range(1, 4):
                with m.Case(shift):
                    m.d.comb += rotated.eq(word.rotate_left(8 * shift))
        m.d.comb += [
            self.request.line.eq(self.address[3:] + self.second),
            self.request.write.eq(self.write),
            self.request.mask.eq(Mux(self.second, mask[LINE:], mask[:LINE])),
            self.request.data.eq(Cat(rotated, rotated)),
            self.request.tag.eq(self.tag),
        ]
        with m.If(self.size == Size.CAP):
            m.d.comb += self.request.data.eq(Cat(word, self.value.meta))
        return m


class LoadAligner(wiring.Component):
    """Combinational. Picks a scalar out of the line(s) read and extends it; `first` is used only if `split`."""

    offset: In(3)
    size: In(Size)
    signed: In(1)
    split: In(1)
    first: In(64)
    last: In(64)
    bytes: Out(32)  # as in memory, not extended
    value: Out(32)

    def elaborate(self, platform):
        m = Module()
        low = Mux(self.split, self.first, self.last)
        window = Cat(low, self.last[:24])
        m.d.comb += self.bytes.eq(window >> (self.offset << 3))
        m.d.comb += self.value.eq(self.bytes)
        with m.Switch(self.size):
            with m.Case(Size.BYTE):
                sign = self.bytes[7] & self.signed
                m.d.comb += self.value.eq(Cat(self.bytes[:8], sign.replicate(24)))
            with m.Case(Size.HALF):
                sign = self.bytes[15] & self.signed
                m.d.comb += self.value.eq(Cat(self.bytes[:16], sign.replicate(16)))
        return m
