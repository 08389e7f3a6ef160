"""Bit manipulation in one cycle: an optional unit beside the integer unit.

Source: RISC-V unprivileged ISA, Zba, Zbb, Zbs, Zbkb, Zbkc.
"""

from functools import reduce
from operator import xor

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.core.operations import operations
from rtl.isa.table import INSNS, Unit

BitOp = operations("BitOp", Unit.BITS)
"""The operations of the table's BITS rows."""


def brought_by(extensions: tuple[str, ...]) -> set[BitOp]:
    """The operations that these extensions need."""
    rows = (row for row in INSNS if row.unit is Unit.BITS and not row.extensions.isdisjoint(extensions))
    return {BitOp[row.op.upper()] for row in rows}


class BitUnit(wiring.Component):
    """Combinational. `lt` and `ltu`: a is less than b, signed and unsigned; the integer unit knows.

    Only the operations that the extensions bring are built; the result of others means nothing.
    """

    op: In(BitOp)
    a: In(32)
    b: In(32)
    lt: In(1)
    ltu: In(1)
    result: Out(32)

    def __init__(self, extensions: tuple[str, ...]):
        self.ops = brought_by(extensions)
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        a, b, op = self.a, self.b, self.op

        total, scaled = Signal(32), Signal(32)
        with m.Switch(op):
            for shift, name in enumerate((BitOp.SH1ADD, BitOp.SH2ADD, BitOp.SH3ADD), 1):
                with m.Case(name):
                    m.d.comb += scaled.eq(a << shift)
        m.d.comb += total.eq(scaled + b)

        # Zeros are counted as the ones of a mask that covers exactly them; leading ones seen from the other side
        seen, ones, count = Signal(32), Signal(32), Signal(range(33))
        m.d.comb += [
            seen.eq(Mux(op == BitOp.CLZ, a[::-1], a)),
            ones.eq(Mux(op == BitOp.CPOP, a, ~seen & (seen - 1))),
            count.eq(sum(ones)),
        ]

        amount = Signal(5)
        m.d.comb += amount.eq(Mux(op == BitOp.ROL, -b[:5], b[:5]))
        rotated = a
        for bit in range(len(amount)):
            turned = Signal(32, name=f"rotated_{bit}")
            m.d.comb += turned.eq(Mux(amount[bit], rotated.rotate_right(1 << bit), rotated))
            rotated = turned

        one = Signal(32)
        m.d.comb += one.eq(1 << b[:5])

        # The upper half of a carry-less product is the lower half of the product seen from the other side
        upper = op == BitOp.CLMULH
        x, y, product = Signal(32), Signal(32), Signal(32)
        m.d.comb += [x.eq(Mux(upper, a[::-1], a)), y.eq(Mux(upper, b[::-1], b))]
        m.d.comb += (product[bit].eq(reduce(xor, (x[i] & y[bit - i] for i in range(bit + 1)))) for bit in range(32))

        octets = [a.word_select(byte, 8) for byte in range(4)]
        results = {
            BitOp.SH1ADD: total,
            BitOp.SH2ADD: total,
            BitOp.SH3ADD: total,
            BitOp.ANDN: a & ~b,
            BitOp.ORN: a | ~b,
            BitOp.XNOR: ~(a ^ b),
            BitOp.CLZ: count,
            BitOp.CTZ: count,
            BitOp.CPOP: count,
            BitOp.SEXT_B: a[:8].as_signed(),
            BitOp.SEXT_H: a[:16].as_signed(),
            BitOp.PACK: Cat(a[:16], b[:16]),
            BitOp.MAX: Mux(self.lt, b, a),
            BitOp.MAXU: Mux(self.ltu, b, a),
            BitOp.MIN: Mux(self.lt, a, b),
            BitOp.MINU: Mux(self.ltu, a, b),
            BitOp.ROL: rotated,
            BitOp.ROR: rotated,
            BitOp.ORC_B: Cat(octet.any().replicate(8) for octet in octets),
            BitOp.REV8: Cat(reversed(octets)),
            BitOp.BCLR: a & ~one,
            BitOp.BEXT: (a & one).any(),
            BitOp.BINV: a ^ one,
            BitOp.BSET: a | one,
            BitOp.PACKH: Cat(a[:8], b[:8]),
            BitOp.BREV8: Cat(octet[::-1] for octet in octets),
            BitOp.ZIP: Cat(bit for pair in zip(a[:16], a[16:], strict=True) for bit in pair),
            BitOp.UNZIP: Cat(a[::2], a[1::2]),
            BitOp.CLMUL: product,
            BitOp.CLMULH: product[::-1] >> 1,
        }
        with m.Switch(op):
            for name, result in results.items():
                if name in self.ops:
                    with m.Case(name):
                        m.d.comb += self.result.eq(result)
        return m
