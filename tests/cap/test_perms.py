"""Permissions in hardware: every encoding and every vector."""

from rtl.cap.layout import Permissions
from rtl.cap.perms import PermissionsDecoder, PermissionsEncoder
from rtos_model.machine.capability import compress_permissions, expand_permissions


def test_every_stored_form_decodes(simulate):
    dut = PermissionsDecoder()

    async def bench(ctx):
        for compressed in range(64):
            ctx.set(dut.compressed, compressed)
            assert ctx.get(dut.permissions.as_value()) == expand_permissions(compressed), f"{compressed:06b}"

    simulate(dut, bench, clocked=False)


def test_every_vector_encodes(simulate):
    dut = PermissionsEncoder()

    async def bench(ctx):
        for wanted in range(1 << Permissions.size):
            ctx.set(dut.permissions.as_value(), wanted)
            assert ctx.get(dut.compressed) == compress_permissions(wanted), f"{wanted:#05x}"

    simulate(dut, bench, clocked=False)
