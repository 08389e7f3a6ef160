"""Bytes on their way to and from memory, against byte-wise arithmetic."""

import pytest

from rtl.bus.port import LINE
from rtl.core.control import Size
from rtl.core.loadstore import LoadAligner, StoreAligner

SCALARS = (Size.BYTE, Size.HALF, Size.WORD)


@pytest.mark.parametrize("size", SCALARS, ids=lambda size: size.name)
def test_stored_bytes_land_where_they_belong(simulate, rng, size):
    dut, count = StoreAligner(), 1 << size.value

    async def bench(ctx):
        for offset in range(LINE):
            line, value = rng.getrandbits(28), rng.getrandbits(32)
            ctx.set(dut.address, LINE * line + offset)
            ctx.set(dut.size, size)
            ctx.set(dut.value.address, value)
            ctx.set(dut.write, 1)
            assert ctx.get(dut.splits) == (offset + count > LINE)
            written = {}
            for second in range(1 + (offset + count > LINE)):
                ctx.set(dut.second, second)
                request = ctx.get(dut.request)
                for lane in range(LINE):
                    if request.mask >> lane & 1:
                        written[LINE * request.line + lane] = request.data >> 8 * lane & 0xFF
                assert (request.write, request.tag) == (1, 0)
            start = LINE * line + offset
            assert written == {start + i: value >> 8 * i & 0xFF for i in range(count)}

    simulate(dut, bench, clocked=False)


def test_a_capability_fills_its_line(simulate):
    dut = StoreAligner()

    async def bench(ctx):
        ctx.set(dut.address, 0x1238)
        ctx.set(dut.size, Size.CAP)
        ctx.set(dut.tag, 1)
        ctx.set(dut.value.address, 0x89AB_CDEF)
        ctx.set(dut.value.meta.as_value(), 0x0123_4567)
        request = ctx.get(dut.request)
        assert (request.line, request.mask, request.tag) == (0x1238 // LINE, 0xFF, 1)
        assert request.data == 0x0123_4567_89AB_CDEF
        assert not ctx.get(dut.splits)

    simulate(dut, bench, clocked=False)


@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize("size", SCALARS, ids=lambda size: size.name)
def test_loaded_bytes_are_picked_and_extended(simulate, rng, size, signed):
    dut, count = LoadAligner(), 1 << size.value

    async def bench(ctx):
        for offset in range(LINE):
            for _ in range(20):
                lines = rng.randbytes(2 * LINE)
                split = offset + count > LINE
                ctx.set(dut.offset, offset)
                ctx.set(dut.size, size)
                ctx.set(dut.signed, signed)
                ctx.set(dut.split, split)
                ctx.set(dut.first, int.from_bytes(lines[:LINE], "little") if split else rng.getrandbits(64))
                last = lines[LINE:] if split else lines[:LINE]
                ctx.set(dut.last, int.from_bytes(last, "little"))
                value = int.from_bytes(lines[offset : offset + count], "little", signed=signed)
                assert ctx.get(dut.value) == value % (1 << 32)

    simulate(dut, bench, clocked=False)
