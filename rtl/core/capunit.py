"""Capability operations of the execute stage: queries, narrowing, sealing, new addresses.

Source: CHERIoT ISA, Xcheriot instructions.
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.cap.address import Representability
from rtl.cap.layout import Expanded, Permissions
from rtl.cap.perms import PermissionsDecoder, PermissionsEncoder
from rtl.cap.seal import SealCheck
from rtl.cap.setbounds import BoundsEncoder
from rtl.core.operations import operations
from rtl.isa.capfmt import ADDRESS_BITS, COMPRESSED_GLOBAL, EXPONENT_MAX, TOP_BITS
from rtl.isa.table import Unit

CapOp = operations("CapOp", Unit.CAP)
"""The operations of the table's CAP rows."""


class CapUnit(wiring.Component):
    """Combinational. Operand `a` is cs1 (or PCC at the pc, or c3), `b` is cs2, rs2 or an immediate in its address.

    A result with a tag has exact bounds. An integer result has metadata 0 and no tag. For GETBASE, GETTOP,
    GETLEN and TESTSUBSET the bounds of the operands must be exact, tagged or not. `sum` is the sum of both
    addresses, whatever `op` is.
    """

    op: In(CapOp)
    a: In(Expanded)
    b: In(Expanded)
    sum: Out(TOP_BITS)
    result: Out(Expanded)

    def elaborate(self, platform):
        m = Module()
        op, a, b = self.op, self.a, self.b
        sealed = a.cap.sealed()
        m.submodules.a_permissions = a_permissions = PermissionsDecoder()
        m.submodules.b_permissions = b_permissions = PermissionsDecoder()
        a_perms, b_perms = a_permissions.permissions, b_permissions.permissions
        m.d.comb += [
            a_permissions.compressed.eq(a.cap.meta.perms),
            b_permissions.compressed.eq(b.cap.meta.perms),
            self.sum.eq(a.cap.address + b.cap.address),
        ]

        # The one value that is measured from a's base: the new address, the old one, or the top for the length.
        value = Signal(TOP_BITS)
        m.submodules.window = window = Representability()
        m.d.comb += [window.base.eq(a.base), window.exp.eq(a.cap.meta.exp), window.address.eq(value)]
        with m.Switch(op):
            with m.Case(CapOp.INCADDR):
                m.d.comb += value.eq(self.sum[:ADDRESS_BITS])
            with m.Case(CapOp.SETADDR):
                m.d.comb += value.eq(b.cap.address)
            with m.Case(CapOp.GETTOP, CapOp.GETLEN):
                m.d.comb += value.eq(a.top)
            with m.Default():
                m.d.comb += value.eq(a.cap.address)

        m.submodules.encoder = encoder = BoundsEncoder()
        of_length = op.matches(CapOp.CRRL, CapOp.CRAM)
        set_bounds = op.matches(CapOp.SETBOUNDS, CapOp.SETBOUNDSEXACT, CapOp.SETBOUNDSROUNDDOWN)
        in_bounds = Signal()
        m.d.comb += [
            encoder.request_base.eq(Mux(of_length, 0, a.cap.address)),
            encoder.request_length.eq(Mux(of_length, a.cap.address, b.cap.address)),
            encoder.request_top.eq(self.sum),
            encoder.round_down.eq(op == CapOp.SETBOUNDSROUNDDOWN),
            in_bounds.eq(~window.offset[-1] & (self.sum <= a.top)),
        ]

        m.submodules.seal = seal = SealCheck()
        m.d.comb += [seal.cap.eq(a.cap), seal.authority.eq(b), seal.unseal.eq(op == CapOp.UNSEAL)]

        m.submodules.narrowed = narrowed = PermissionsEncoder()
        masked = Signal(Permissions)
        mask = b.cap.address[: len(masked.as_value())]
        subset = Signal()
        m.d.comb += [
            masked.eq(a_perms.as_value() & mask),
            narrowed.permissions.eq(masked),
            subset.eq(
                (a.cap.tag == b.cap.tag)
                & (a.base <= b.base)
                & (b.top <= a.top)
                & ((b_perms.as_value() & ~a_perms.as_value()) == 0)
            ),
        ]

        cap = self.result.cap
        m.d.comb += [
            cap.address.eq(value),
            self.result.base.eq(Mux(set_bounds, encoder.base, a.base)),
            self.result.top.eq(Mux(set_bounds, encoder.top, a.top)),
        ]
        with m.Switch(op):
            with m.Case(CapOp.INCADDR, CapOp.SETADDR):
                m.d.comb += [cap.meta.eq(a.cap.meta), cap.tag.eq(a.cap.tag & ~sealed & window.representable)]
            with m.Case(CapOp.SETBOUNDS, CapOp.SETBOUNDSEXACT, CapOp.SETBOUNDSROUNDDOWN):
                precise = encoder.exact | (op != CapOp.SETBOUNDSEXACT)
                m.d.comb += [
                    cap.meta.eq(a.cap.meta),
                    cap.meta.exp.eq(encoder.exp),
                    cap.meta.top.eq(encoder.top_field),
                    cap.meta.base.eq(encoder.base_field),
                    cap.tag.eq(a.cap.tag & ~sealed & in_bounds & precise),
                ]
            with m.Case(CapOp.SEAL):
                m.d.comb += [
                    cap.meta.eq(a.cap.meta),
                    cap.meta.otype.eq(b.cap.address),
                    cap.tag.eq(a.cap.tag & seal.allowed),
                ]
            with m.Case(CapOp.UNSEAL):
                m.d.comb += [
                    cap.meta.eq(a.cap.meta),
                    cap.meta.otype.eq(0),
                    cap.meta.perms[COMPRESSED_GLOBAL].eq(a_perms.GL & b_perms.GL),
                    cap.tag.eq(a.cap.tag & seal.allowed),
                ]
            with m.Case(CapOp.ANDPERM):
                m.d.comb += [
                    cap.meta.eq(a.cap.meta),
                    cap.meta.perms.eq(narrowed.compressed),
                    cap.tag.eq(a.cap.tag & (~sealed | mask[1:].all())),
                ]
            with m.Case(CapOp.MOVE):
                m.d.comb += [cap.meta.eq(a.cap.meta), cap.tag.eq(a.cap.tag)]
            with m.Case(CapOp.CLEARTAG):
                m.d.comb += cap.meta.eq(a.cap.meta)
            with m.Case(CapOp.SETHIGH):
                m.d.comb += cap.meta.eq(b.cap.address)
            with m.Case(CapOp.TESTSUBSET):
                m.d.comb += cap.address.eq(subset)
            with m.Case(CapOp.SETEQUALEXACT):
                m.d.comb += cap.address.eq(a.cap.as_value() == b.cap.as_value())
            with m.Case(CapOp.GETPERM):
                m.d.comb += cap.address.eq(a_perms)
            with m.Case(CapOp.GETTYPE):
                m.d.comb += cap.address.eq(seal.otype)
            with m.Case(CapOp.GETBASE):
                m.d.comb += cap.address.eq(a.base)
            with m.Case(CapOp.GETTOP):
                m.d.comb += cap.address.eq(value | value[-1].replicate(ADDRESS_BITS))
            with m.Case(CapOp.GETLEN):
                m.d.comb += cap.address.eq(window.offset | window.offset[-1].replicate(ADDRESS_BITS))
            with m.Case(CapOp.GETTAG):
                m.d.comb += cap.address.eq(a.cap.tag)
            with m.Case(CapOp.GETHIGH):
                m.d.comb += cap.address.eq(a.cap.meta)
            with m.Case(CapOp.CRRL):
                m.d.comb += cap.address.eq(encoder.top)
            with m.Case(CapOp.CRAM):
                m.d.comb += cap.address.eq(~Cat(encoder.below, Const(0, ADDRESS_BITS - EXPONENT_MAX)))
        return m
