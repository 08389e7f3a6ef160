"""What must hold for the capability units whatever their inputs, proved."""

import pytest
from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.cap.address import Representability
from rtl.cap.attenuate import Attenuator
from rtl.cap.bounds import BoundsDecoder
from rtl.cap.check import AccessCheck
from rtl.cap.layout import Cap, Expanded
from rtl.cap.perms import PermissionsDecoder
from rtl.cap.setbounds import BoundsEncoder
from rtl.core.capunit import CapOp, CapUnit
from rtl.isa.trap import CapFault

pytestmark = pytest.mark.formal

LARGE = 15
"""The stored exponent that means 24."""


class Theorem(wiring.Component):
    """Whenever `premises` is high, so is `claims`. `state` gives the parts of both."""

    premises: Out(1)
    claims: Out(1)

    def elaborate(self, platform):
        m = Module()
        premises, claims = self.state(m)
        m.d.comb += [self.premises.eq(Cat(*premises).all()), self.claims.eq(Cat(*claims).all())]
        return m


def decoded(m, cap, name):
    """The bounds of a capability."""
    m.submodules[name] = decoder = BoundsDecoder()
    m.d.comb += decoder.cap.eq(cap)
    return decoder.base, decoder.top


def permissions(m, cap, name):
    m.submodules[name] = decoder = PermissionsDecoder()
    m.d.comb += decoder.compressed.eq(cap.meta.perms)
    return decoder.permissions


def reachable(m, value, name):
    """Whether an expanded capability, if tagged, is one that programs can get, with its bounds."""
    cap = value.cap
    base, top = decoded(m, cap, name)
    ordered = (value.base <= value.top) & (value.top <= 1 << 32)
    in_window = Mux(cap.meta.exp == LARGE, (cap.meta.base <= 0xFF) & (cap.meta.top <= 0x100), value.base <= cap.address)
    return ~cap.tag | (value.base == base) & (value.top == top) & ordered & in_window


class Formula(Theorem):
    """Decoded bounds are those of the encoding chapter's formula, evaluated with more bits than any step needs."""

    cap: In(Cap)

    def state(self, m):
        base, top = decoded(m, self.cap, "dut")
        meta, exp = self.cap.meta, Mux(self.cap.meta.exp == LARGE, 24, self.cap.meta.exp)
        middle, region = (self.cap.address >> exp)[:9], self.cap.address >> (exp + 9)
        base_below, top_above = middle < meta.base, meta.top < meta.base
        wide_base, wide_top = Signal(signed(80)), Signal(signed(80))
        m.d.comb += [
            wide_base.eq((((region - base_below) << 9) + meta.base) << exp),
            wide_top.eq((((region - base_below + top_above) << 9) + meta.top) << exp),
        ]
        return [], [base == wide_base[:32], top == wide_top[:33]]


class SameBounds(Theorem):
    """An address is representable for a reachable capability exactly when it leaves the bounds as they are."""

    value: In(Expanded)
    address: In(32)

    def state(self, m):
        m.submodules.dut = dut = Representability()
        moved = Signal(Cap)
        base, top = decoded(m, moved, "moved")
        m.d.comb += [
            moved.eq(self.value.cap),
            moved.address.eq(self.address),
            dut.base.eq(self.value.base),
            dut.exp.eq(self.value.cap.meta.exp),
            dut.address.eq(self.address),
        ]
        premises = [self.value.cap.tag, reachable(m, self.value, "value")]
        return premises, [dut.representable == ((base == self.value.base) & (top == self.value.top))]


class Request(Theorem):
    """A request for bounds, encoded."""

    base: In(32)
    length: In(32)
    down = False

    def encoder(self, m):
        m.submodules.dut = dut = BoundsEncoder()
        m.d.comb += [
            dut.request_base.eq(self.base),
            dut.request_length.eq(self.length),
            dut.request_top.eq(self.base + self.length),
            dut.round_down.eq(self.down),
        ]
        return dut

    def bounds(self, m, dut):
        cap = Signal(Cap)
        m.d.comb += [
            cap.address.eq(self.base),
            cap.meta.exp.eq(dut.exp),
            cap.meta.top.eq(dut.top_field),
            cap.meta.base.eq(dut.base_field),
        ]
        return decoded(m, cap, "decoder")


class Covers(Request):
    """The result covers the request, decodes to what it says, and `exact` tells whether it is the request."""

    def state(self, m):
        dut = self.encoder(m)
        base, top = self.bounds(m, dut)
        return [dut.request_top <= 1 << 32], [
            (dut.base == base) & (dut.top == top),
            (base <= self.base) & (top >= dut.request_top),
            dut.exact == ((base == self.base) & (top == dut.request_top)),
        ]


class Smallest(Request):
    """No smaller exponent has room for the request."""

    def state(self, m):
        dut = self.encoder(m)
        claims = []
        for exp in range(15):
            size = ((dut.request_top + ((1 << exp) - 1)) >> exp) - (self.base >> exp)
            claims.append((dut.exp <= exp) | (size > 511))
        return [], claims


class RoundsDown(Request):
    """The result has the request's base, is not longer, and no range with a dense exponent lies between the two."""

    down = True

    def state(self, m):
        dut = self.encoder(m)
        base, top = self.bounds(m, dut)
        claims = [
            (dut.base == base) & (dut.top == top),
            (base == self.base) & (top <= dut.request_top) & (dut.exp != LARGE),
        ]
        for exp in range(15):
            aligned = self.base[:exp] == 0
            most = (dut.request_top >> exp) - (self.base >> exp)
            claims.append(~aligned | (top - self.base >= Mux(most > 511, 511, most) << exp))
        return [dut.request_top <= 1 << 32], claims


class AlignedLength(Request):
    """A rounded length is exact at every base that the mask leaves alone."""

    at: In(32)

    def state(self, m):
        dut = self.encoder(m)
        m.submodules.aligned = aligned = BoundsEncoder()
        m.d.comb += [
            aligned.request_base.eq(self.at),
            aligned.request_length.eq(dut.top),
            aligned.request_top.eq(self.at + dut.top[:32]),
        ]
        fits = (dut.top < 1 << 32) & (aligned.request_top <= 1 << 32)
        return [self.base == 0, (self.at & dut.below) == 0, fits], [aligned.exact]


class NarrowsOnly(Request):
    """For a request within reachable bounds the rounded result is within them too, in either mode."""

    outer: In(Expanded)
    round_down: In(1)

    def state(self, m):
        dut = self.encoder(m)
        m.d.comb += dut.round_down.eq(self.round_down)
        within = (self.outer.base <= self.base) & (dut.request_top <= self.outer.top)
        premises = [self.outer.cap.tag, reachable(m, self.outer, "outer_decoder"), within]
        return premises, [(self.outer.base <= dut.base) & (dut.top <= self.outer.top)]


class Guarded(Theorem):
    """An access without a fault lies within unsealed, tagged authority with the permission it takes."""

    authority: In(Expanded)
    address: In(32)
    size: In(2)
    store: In(1)
    value_tag: In(1)

    def state(self, m):
        m.submodules.dut = dut = AccessCheck()
        granted = permissions(m, self.authority.cap, "granted")
        for name in ("authority", "address", "size", "store", "value_tag"):
            m.d.comb += getattr(dut, name).eq(getattr(self, name))
        clean, capability = dut.fault == CapFault.NONE, self.size == 3
        rights = Mux(self.store, granted.SD & (granted.MC | ~capability | ~self.value_tag), granted.LD)
        inside = (self.authority.base <= self.address) & (self.address + (1 << self.size) <= self.authority.top)
        return [], [
            clean == (self.authority.cap.tag & ~self.authority.cap.sealed() & rights & inside),
            dut.misaligned == (clean & capability & self.address[:3].any()),
        ]


class Attenuated(Theorem):
    """Loading adds no permission, keeps untagged values as they are, and withholds what the authority lacks."""

    loaded: In(Cap)
    keep_tag: In(1)
    keep_global: In(1)
    keep_mutable: In(1)

    def state(self, m):
        m.submodules.dut = dut = Attenuator()
        for name in ("loaded", "keep_tag", "keep_global", "keep_mutable"):
            m.d.comb += getattr(dut, name).eq(getattr(self, name))
        before, after = permissions(m, self.loaded, "before"), permissions(m, dut.result, "after")
        tag, unsealed = dut.result.tag, ~self.loaded.sealed()
        return [], [
            (after.as_value() & ~before.as_value()) == 0,
            tag == (self.loaded.tag & self.keep_tag),
            tag | (dut.result.as_value()[:64] == self.loaded.as_value()[:64]),
            ~tag | self.keep_global | ~after.GL & ~(unsealed & after.LG),
            ~tag | self.keep_mutable | ~(unsealed & (after.LM | after.SD | after.SL)),
            tag == (dut.filtered | tag & Cat(after.SE, after.US, after.U0).any()),
        ]


class Monotonic(Theorem):
    """A tagged result comes from a tagged operand, grants no more, has exact bounds and is reachable itself.

    Sealed operands yield tagged results only where they are moved, unsealed or lose GL.
    """

    a: In(Expanded)
    b: In(Expanded)

    def __init__(self, op):
        self.op = op
        super().__init__()

    def state(self, m):
        m.submodules.dut = dut = CapUnit()
        m.d.comb += [dut.op.eq(self.op), dut.a.eq(self.a), dut.b.eq(self.b)]
        result = dut.result
        before, after = permissions(m, self.a.cap, "before"), permissions(m, result.cap, "after")
        kept = self.a.cap.tag
        kept &= (result.base >= self.a.base) & (result.top <= self.a.top)
        kept &= (after.as_value() & ~before.as_value()) == 0
        if self.op not in (CapOp.SEAL, CapOp.UNSEAL):
            kept &= result.cap.meta.otype == self.a.cap.meta.otype
        if self.op not in (CapOp.MOVE, CapOp.UNSEAL, CapOp.ANDPERM):
            kept &= ~self.a.cap.sealed()
        premises = [reachable(m, self.a, "a_decoder"), reachable(m, self.b, "b_decoder")]
        return premises, [~result.cap.tag | kept, reachable(m, result, "result_decoder")]


CAPABILITY_RESULTS = (
    CapOp.INCADDR,
    CapOp.SETADDR,
    CapOp.SETBOUNDS,
    CapOp.SETBOUNDSEXACT,
    CapOp.SETBOUNDSROUNDDOWN,
    CapOp.SEAL,
    CapOp.UNSEAL,
    CapOp.ANDPERM,
    CapOp.MOVE,
)


class Untagged(Theorem):
    """All other operations give no tag, and those with an integer result no metadata either."""

    op: In(CapOp)
    a: In(Expanded)
    b: In(Expanded)

    def state(self, m):
        m.submodules.dut = dut = CapUnit()
        m.d.comb += [dut.op.eq(self.op), dut.a.eq(self.a), dut.b.eq(self.b)]
        raw = self.op.matches(CapOp.CLEARTAG, CapOp.SETHIGH)
        exists = self.op <= len(CapOp) - 1
        return [exists & ~self.op.matches(*CAPABILITY_RESULTS)], [
            ~dut.result.cap.tag,
            raw | (dut.result.cap.meta.as_value() == 0),
        ]


THEOREMS = (
    Formula,
    SameBounds,
    Covers,
    Smallest,
    RoundsDown,
    AlignedLength,
    NarrowsOnly,
    Guarded,
    Attenuated,
    Untagged,
)


@pytest.mark.parametrize("theorem", THEOREMS, ids=lambda theorem: theorem.__name__)
def test_unit(prove, theorem):
    prove(theorem())


@pytest.mark.parametrize("op", CAPABILITY_RESULTS, ids=lambda op: op.name)
def test_operations_are_monotonic(prove, op):
    prove(Monotonic(op))


class AllButOneExact(Request):
    """False, but for one request in 2**64 only."""

    def state(self, m):
        dut = self.encoder(m)
        return [dut.request_top <= 1 << 32], [(self.base != 0x12345679) | (self.length != 0x654321) | dut.exact]


def test_a_false_claim_is_refuted(refute):
    assert "12345679" in (refute(AllButOneExact()) or "")
