"""Two initiators on one port: who is served when, and that each gets its own answers."""

from rtl.bus.arbiter import Arbiter


def test_random_traffic(simulate, rng):
    dut = Arbiter()

    async def bench(ctx):
        owner = line = None  # of the request that is answered in this cycle
        for _ in range(3000):
            wishes = {port: rng.random() < 0.6 for port in ("first", "second")}
            lines = {port: rng.getrandbits(29) for port in wishes}
            hold, keep, ready = (rng.random() < chance for chance in (0.3, 0.2, 0.8))
            for name, value in {"hold": hold, "keep": keep}.items():
                ctx.set(getattr(dut, name), value)
            ctx.set(dut.bus.ready, ready)
            for port, wish in wishes.items():
                ctx.set(getattr(dut, port).valid, wish)
                ctx.set(getattr(dut, port).request.line, lines[port])
            ctx.set(dut.bus.answered, owner is not None)
            ctx.set(dut.bus.response, {"data": line or 0})
            for port in wishes:
                assert ctx.get(getattr(dut, port).answered) == (port == owner)
            if owner:
                assert ctx.get(getattr(dut, owner).response.data) == line

            if keep:
                served = "first" if wishes["first"] else None
            elif hold:
                served = "second" if wishes["second"] else None
            else:
                served = "first" if wishes["first"] else "second" if wishes["second"] else None
            accepted = served if ready else None
            assert ctx.get(dut.bus.valid) == (served is not None)
            for port, wish in wishes.items():
                assert (wish and ctx.get(getattr(dut, port).ready)) == (port == accepted)
            if served:
                assert ctx.get(dut.bus.request.line) == lines[served]
            owner, line = accepted, accepted and lines[accepted]
            await ctx.tick()

    simulate(dut, bench)
