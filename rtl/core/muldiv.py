"""Multiplication in one cycle, division two bits a cycle.

Source: RISC-V unprivileged ISA, M extension.
"""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.core.operations import operations
from rtl.isa.table import Unit

MulDivOp = operations("MulDivOp", Unit.MULDIV)
"""The operations of the table's MULDIV rows."""
STEPS = 16
"""Cycles of two quotient bits each; a division takes one more, in which it starts."""


class MulDiv(wiring.Component):
    """`result` is valid when `start` and `done` are high: at once for products, in the 17th cycle for the rest.

    `start` says that the instruction is there; `op`, `a` and `b` must not change until `leave` says that it goes
    at the end of the cycle, finished or not. A finished result stays until then.
    """

    op: In(MulDivOp)
    a: In(32)
    b: In(32)
    start: In(1)
    leave: In(1)
    done: Out(1)
    result: Out(32)

    def elaborate(self, platform):
        m = Module()
        op, a, b = self.op, self.a, self.b

        # Four 18-bit multipliers: halves of 16 bits and of 16 bits with a sign.
        a_sign = a[31] & op.matches(MulDivOp.MULH, MulDivOp.MULHSU)
        b_sign = b[31] & op.matches(MulDivOp.MULH)
        a_low, a_high = a[:16], Cat(a[16:], a_sign).as_signed()
        b_low, b_high = b[:16], Cat(b[16:], b_sign).as_signed()
        outer, product = Signal(64), Signal(64)
        m.d.comb += [
            outer.eq(Cat(a_low * b_low, a_high * b_high)),
            product.eq(outer + ((a_low * b_high + a_high * b_low) << 16)),
        ]

        # Restoring division of the magnitudes. The divisor is never negated, but added if it is negative.
        signed = op.matches(MulDivOp.DIV, MulDivOp.REM)
        wants_remainder = op.matches(MulDivOp.REM, MulDivOp.REMU)
        add_divisor = signed & b[31]
        divisor = Signal(33)
        m.d.comb += divisor.eq(Cat(b ^ ~add_divisor.replicate(32), 1))
        remainder, quotient = Signal(32), Signal(32)
        left = Signal(range(STEPS + 1))
        idle, last = left == 0, left == 1

        rest, bits = remainder, quotient
        for step in range(2):
            shifted = Cat(bits[-1], rest)
            difference = Signal(35, name=f"difference_{step}")
            m.d.comb += difference.eq(Cat(1, shifted) + Cat(~add_divisor, divisor))
            fits = difference[34]
            next_rest, next_bits = Signal(32, name=f"rest_{step}"), Signal(32, name=f"bits_{step}")
            m.d.comb += [
                next_rest.eq(Mux(fits, difference[1:33], shifted)),
                next_bits.eq(Cat(fits, bits[:-1])),
            ]
            rest, bits = next_rest, next_bits

        # One negation: of the dividend before, of the result after.
        value, magnitude, negate = Signal(32), Signal(32), Signal()
        m.d.comb += [
            value.eq(Mux(idle, a, Mux(wants_remainder, rest, bits))),
            # The top bit of a signed quotient is set if the divisor is 0 or the result -2**31: both are right.
            negate.eq(signed & Mux(idle | wants_remainder, a[31], (a[31] ^ b[31]) & ~bits[31])),
            magnitude.eq(Mux(negate, -value, value)),
        ]
        divides = signed | op.matches(MulDivOp.DIVU, MulDivOp.REMU)
        with m.If(self.leave):
            m.d.sync += left.eq(0)
        with m.Elif(idle):
            with m.If(self.start & divides):
                m.d.sync += [left.eq(STEPS), remainder.eq(0), quotient.eq(magnitude)]
        with m.Elif(~last):
            m.d.sync += [left.eq(left - 1), remainder.eq(rest), quotient.eq(bits)]

        m.d.comb += [self.done.eq(~divides | last), self.result.eq(magnitude)]
        with m.If(~divides):
            m.d.comb += self.result.eq(Mux(op.matches(MulDivOp.MUL), product[:32], product[32:]))
        return m
