"""Wait states lose nothing, invent nothing and keep the order."""

import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from rtl.bus.port import MemorySignature
from rtl.bus.wait import WaitStates
from rtl.mem.sram import Sram

LINES = 64


class Bench(wiring.Component):
    port: In(MemorySignature())

    def __init__(self, seed):
        self.seed = seed
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        m.submodules.wait = wait = WaitStates(self.seed)
        m.submodules.memory = memory = Sram(LINES)
        wiring.connect(m, wiring.flipped(self.port), wait.initiator)
        target, data = wait.target, memory.data
        m.d.comb += [
            target.ready.eq(memory.ready),
            data.enable.eq(target.valid & memory.ready),
            data.line.eq(target.request.line),
            data.write.eq(target.request.write),
            data.mask.eq(target.request.mask),
            data.write_data.eq(target.request.data),
            target.response.data.eq(data.read_data),
        ]
        m.d.sync += target.answered.eq(data.enable)
        return m


@pytest.mark.parametrize("seed", [1, 2, 77])
def test_a_slow_memory_is_still_a_memory(simulate, rng, seed):
    dut = Bench(seed)
    content, asked, answers, cycles = {}, [], 0, 0

    async def bench(ctx):
        nonlocal answers, cycles
        port = dut.port
        while answers < 300:
            line, write, data = rng.randrange(LINES), rng.random() < 0.5, rng.getrandbits(64)
            ctx.set(port.request, {"line": line, "write": write, "mask": 0xFF, "data": data, "tag": 0})
            ctx.set(port.valid, rng.random() < 0.8)
            _, _, valid, ready, answered, got = await ctx.tick().sample(
                port.valid, port.ready, port.answered, port.response.data
            )
            cycles += 1
            if answered:
                answers += 1
                expected = asked.pop(0)
                assert expected is None or got == expected
            if valid and ready:
                asked.append(None if write else content.get(line, 0))
                if write:
                    content[line] = data

    simulate(dut, bench)
    assert cycles > 500  # it was slow indeed
