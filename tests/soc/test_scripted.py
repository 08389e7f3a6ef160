"""When the scripted clock lets time jump, and when it says that nothing will happen any more."""

import pytest

from rtl.soc.scripted import REST, ScriptedClock


@pytest.mark.parametrize("scripted", [0, 1])
@pytest.mark.parametrize("sweeping, pending, never", [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)])
def test_what_a_long_sleep_leads_to(simulate, scripted, sweeping, pending, never):
    dut = ScriptedClock()

    async def bench(ctx):
        ctx.set(dut.scripted, scripted)
        ctx.set(dut.sweeping, sweeping)
        ctx.set(dut.pending, pending)
        ctx.set(dut.never, never)
        for sleeping, cycles, rests in ((0, 2 * REST, 0), (1, REST, 1), (0, 1, 0), (1, REST - 1, 0), (1, 1, 1)):
            ctx.set(dut.sleeping, sleeping)
            await ctx.tick().repeat(cycles)
            rested = scripted and rests and not sweeping
            assert ctx.get(dut.jump) == (rested and not pending and not never)
            assert ctx.get(dut.asleep) == bool(rested and (pending or never))
            assert ctx.get(dut.still) == scripted

    simulate(dut, bench)
