"""The prefetcher hands out the right bits for every address, whatever the memory's and decode's pace."""

import pytest

from rtl.core.fetch import Fetch

SIZE = 1 << 10


class Memory:
    """Bytes; line 11 of every 16 answers with an error when `holes` is set."""

    def __init__(self, rng, holes):
        self.bytes = rng.randbytes(SIZE)
        self.holes = holes

    def line(self, number):
        number %= SIZE // 8
        return int.from_bytes(self.bytes[8 * number : 8 * number + 8], "little")

    def fails(self, number):
        return self.holes and number % 16 == 11

    def half(self, address):
        return self.line(address // 8) >> 8 * (address % 8) & 0xFFFF


@pytest.mark.parametrize("holes", [False, True], ids=["mapped", "holes"])
@pytest.mark.parametrize("busy", [0.0, 0.4])
@pytest.mark.parametrize("stalls", [0.0, 0.5])
def test_instructions_come_out_whole_and_in_order(simulate, rng, holes, busy, stalls):
    dut, memory = Fetch(boot_address=0x40), Memory(rng, holes)
    done = []

    async def answer(ctx):
        waiting = []
        while True:
            ready = rng.random() >= busy
            ctx.set(dut.bus.ready, ready)
            answers = bool(waiting) and rng.random() >= busy
            ctx.set(dut.bus.answered, answers)
            if answers:
                number = waiting.pop(0)
                ctx.set(dut.bus.response, {"data": memory.line(number), "error": memory.fails(number)})
            _, _, asked, line = await ctx.tick().sample(dut.bus.valid, dut.bus.request.line)
            if asked and ready:
                waiting.append(line)
            assert len(waiting) <= 1

    async def decode(ctx):
        pc = 0x40
        for _ in range(1500):
            ctx.set(dut.consume, 0)
            ctx.set(dut.redirect, 0)
            await ctx.delay(1e-9)  # the answer of this cycle is set by now
            ready, error = ctx.get(dut.ready), ctx.get(dut.first_error)
            # Nothing is promised behind an instruction that could not be fetched.
            redirect = rng.random() < 0.1 or (ready and (error or ctx.get(dut.second_error)))
            taken, consume = rng.random() < 0.2, ready and rng.random() >= stalls
            target = 2 * rng.randrange(SIZE // 2)
            for port, value in (("target", target), ("address", target), ("taken", taken), ("redirect", redirect)):
                ctx.set(getattr(dut, port), value)
            ctx.set(dut.consume, consume)
            *_, got, word, compressed, second = await ctx.tick().sample(
                dut.pc, dut.word, dut.compressed, dut.second_error
            )
            size = 4
            if ready:
                done.append(pc)
                assert got == pc
                assert error == memory.fails(pc // 8)
                if not error:
                    half = memory.half(pc)
                    size = 2 if half & 3 != 3 else 4
                    assert compressed == (size == 2)
                    assert word & 0xFFFF == half
                    if size == 4:
                        assert second == memory.fails((pc + 2) // 8)
                        assert second or word >> 16 == memory.half(pc + 2)
            if redirect or (consume and taken):
                pc = target
            elif consume:
                pc = (pc + size) % (1 << 32)

    simulate(dut, decode, background=[answer])
    assert len(done) > 300
