"""Which capabilities a jump accepts, and the link it leaves: the table of the CHERIoT ISA, CJALR."""

import itertools

from rtl.cap.layout import root_executable
from rtl.core.jump import JumpUnit
from rtl.isa.capfmt import ROOT_EXECUTABLE_META, ROOT_MEMORY_META, Otype
from rtl.isa.trap import CapFault

OTYPE_AT = 22
ACCEPTED = {  # (rd, rs1) to otypes
    (0, 1): {4, 5},
    (1, 1): {0, 1, 2, 3},
    (1, 9): {0, 1, 2, 3},
    (0, 9): {0, 1},
    (5, 1): {0, 1},
    (5, 9): {0, 1},
}


def test_every_object_type_in_every_kind_of_jump(simulate):
    dut = JumpUnit()

    async def bench(ctx):
        cases = itertools.product(ACCEPTED.items(), range(8), (0, 4), (True, False), (True, False))
        for ((rd, rs1), accepted), otype, offset, executable, tag in cases:
            meta = ROOT_EXECUTABLE_META if executable else ROOT_MEMORY_META
            ctx.set(dut.target.meta.as_value(), meta | otype << OTYPE_AT)
            ctx.set(dut.target.tag, tag)
            ctx.set(dut.rd, rd)
            ctx.set(dut.rs1, rs1)
            ctx.set(dut.offset, offset)
            sealed_data = otype and not executable  # an otype of 9 or more
            if not tag:
                fault = CapFault.TAG
            elif otype not in accepted or sealed_data or (otype and offset):
                fault = CapFault.SEAL
            else:
                fault = CapFault.NONE if executable else CapFault.PERMIT_EXECUTE
            assert ctx.get(dut.fault) == fault, (rd, rs1, otype, offset, executable, tag)
            if fault is CapFault.NONE:
                assert ctx.get(dut.posture) == (otype >= 2)
                if otype >= 2:
                    assert ctx.get(dut.posture_mie) == (otype in (3, 5))

    simulate(dut, bench, clocked=False)


def test_only_a_link_in_cra_is_sealed_and_remembers_the_posture(simulate):
    dut = JumpUnit()

    async def bench(ctx):
        ctx.set(dut.pcc, root_executable())
        ctx.set(dut.following, 0x2004_0004)
        for rd, mie in itertools.product((0, 1, 5), (0, 1)):
            ctx.set(dut.rd, rd)
            ctx.set(dut.mie, mie)
            link = ctx.get(dut.link)
            wanted = (Otype.RETURN_ENABLE if mie else Otype.RETURN_DISABLE) if rd == 1 else Otype.UNSEALED
            assert (link.cap.meta.otype, link.cap.tag, link.cap.address) == (wanted, 1, 0x2004_0004)

    simulate(dut, bench, clocked=False)


def test_a_link_that_wraps_around_is_representable_in_a_full_range_pcc_only(simulate):
    dut = JumpUnit()

    async def bench(ctx):
        ctx.set(dut.pcc, root_executable())
        ctx.set(dut.following, 0)
        assert ctx.get(dut.link.cap.tag) == 1
        ctx.set(dut.pcc.cap.meta.exp, 0)
        assert ctx.get(dut.link.cap.tag) == 0

    simulate(dut, bench, clocked=False)
