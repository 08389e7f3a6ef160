"""Attenuation of loaded capabilities: every stored permission field under every authority, and the worked vectors."""

from dataclasses import replace
from itertools import product

from rtl.cap.attenuate import Attenuator
from rtos_model.machine.capability import Perm
from tests.capabilities import bits, pattern
from tests.vectors import capability, worked


def expected(loaded, authority):
    """The rules of clc as stated, on permission vectors; and whether the bitmap decides about the tag."""
    tag = loaded.tag and bool(authority & Perm.MC)
    wanted = loaded.permissions
    if tag and not authority & Perm.LG:
        wanted &= ~Perm.GL
        if not loaded.sealed:
            wanted &= ~Perm.LG
    if tag and not authority & Perm.LM and not loaded.sealed:
        wanted &= ~(Perm.SD | Perm.LM)
    return replace(loaded, tag=tag).normalised_to(wanted), tag and not wanted & (Perm.SE | Perm.US | Perm.U0)


async def load(ctx, dut, loaded, authority):
    ctx.set(dut.loaded.as_value(), bits(loaded))
    ctx.set(dut.keep_tag, bool(authority & Perm.MC))
    ctx.set(dut.keep_global, bool(authority & Perm.LG))
    ctx.set(dut.keep_mutable, bool(authority & Perm.LM))
    return ctx.get(dut.result.as_value()), ctx.get(dut.filtered)


def test_every_permission_field_under_every_authority(simulate, rng):
    dut = Attenuator()

    async def bench(ctx):
        bit = (False, True)
        for compressed, tag, sealed, mc, lg, lm in product(range(64), bit, bit, bit, bit, bit):
            otype = rng.randrange(1, 8) if sealed else 0
            loaded = replace(pattern(rng), perms=compressed, otype_field=otype, tag=tag)
            authority = Perm.MC * mc | Perm.LG * lg | Perm.LM * lm
            want, filtered = expected(loaded, authority)
            assert await load(ctx, dut, loaded, authority) == (bits(want), filtered), f"{loaded} through {authority}"

    simulate(dut, bench, clocked=False)


def test_worked_vectors(simulate):
    dut = Attenuator()

    async def bench(ctx):
        rows = worked("F")
        for name, authority, loaded, revoked, want, permissions in rows:
            result, filtered = await load(ctx, dut, capability(loaded), int(authority, 0))
            if filtered and int(revoked):
                result &= ~(1 << 64)
            assert result == bits(capability(want)), name
            assert capability(want).permissions == int(permissions, 0), name

    simulate(dut, bench, clocked=False)
