"""The register block: identity, status and enable, the interrupt pulse."""

from rtl.revoker.regs import ENABLE, END, EPOCH, GO, START, STATUS, RevokerRegisters


class Registers:
    """Reads and writes registers of the component under test."""

    def __init__(self, ctx, dut):
        self.ctx, self.dut = ctx, dut
        self.pulses = 0

    async def cycle(self):
        await self.ctx.tick()
        self.pulses += self.ctx.get(self.dut.interrupt)

    async def access(self, offset, write, mask=0xF, data=0):
        port, at = self.dut.port, offset % 8
        for name, value in {
            "line": offset // 8,
            "write": write,
            "mask": mask << at,
            "write_data": data << 8 * at,
        }.items():
            self.ctx.set(getattr(port, name), value)
        self.ctx.set(port.enable, 1)
        await self.cycle()
        self.ctx.set(port.enable, 0)
        return self.ctx.get(port.read_data) >> 8 * at & 0xFFFF_FFFF

    async def read(self, offset):
        return await self.access(offset, 0)

    async def write(self, offset, data, mask=0xF):
        await self.access(offset, 1, mask, data)

    async def finish(self):
        """The sweep is complete; returns the number of cycles of interrupt that follow."""
        before = self.pulses
        self.ctx.set(self.dut.control.finished, 1)
        await self.cycle()
        self.ctx.set(self.dut.control.finished, 0)
        for _ in range(5):
            await self.cycle()
        return self.pulses - before


def play(simulate, body):
    dut = RevokerRegisters()

    async def bench(ctx):
        await body(ctx, dut, Registers(ctx, dut))

    simulate(dut, bench)


def test_identity_epoch_and_range(simulate):
    async def body(ctx, dut, registers):
        ctx.set(dut.control.epoch, 0xFFFF_FFFD)
        assert await registers.read(GO) >> 16 == 0x5500
        assert await registers.read(EPOCH) == 0xFFFF_FFFD
        await registers.write(EPOCH, 0)
        assert await registers.read(EPOCH) == 0xFFFF_FFFD
        for offset in (START, END):
            await registers.write(offset, 0x1234_5678)
            await registers.write(offset, 0xAB00, 0b0010)
            assert await registers.read(offset) == 0x1234_AB78
        assert ctx.get(dut.control.start) == ctx.get(dut.control.end) == 0x1234_AB78

    play(simulate, body)


def test_any_write_to_go_goes(simulate):
    async def body(ctx, dut, registers):
        for mask in (0b0001, 0b1000, 0b1111):
            for value in (0, 1, 0xFFFF_FFFF):
                ctx.set(dut.port.enable, 1)
                ctx.set(dut.port.line, GO // 8)
                ctx.set(dut.port.write, 1)
                ctx.set(dut.port.mask, mask)
                ctx.set(dut.port.write_data, value)
                assert ctx.get(dut.control.go)
                ctx.set(dut.port.mask, mask << 4)  # a write to EPOCH
                assert not ctx.get(dut.control.go)
                ctx.set(dut.port.write, 0)
                ctx.set(dut.port.mask, mask)
                assert not ctx.get(dut.control.go)
                await registers.cycle()

    play(simulate, body)


def test_status_without_interrupt(simulate):
    async def body(ctx, dut, registers):
        assert await registers.finish() == 0
        assert await registers.read(STATUS) == 1
        await registers.write(STATUS, 1)  # any write acknowledges
        assert await registers.read(STATUS) == 0
        await registers.finish()
        await registers.write(STATUS, 0, 0b0100)
        assert await registers.read(STATUS) == 0

    play(simulate, body)


def test_interrupt_is_a_pulse_that_nobody_need_acknowledge(simulate):
    async def body(ctx, dut, registers):
        await registers.write(ENABLE, 0xFFFF_FFFF)
        assert await registers.read(ENABLE) == 1
        for _ in range(3):
            assert await registers.finish() == 1
            assert await registers.read(STATUS) == 0  # while the interrupt is enabled
        await registers.write(ENABLE, 0xFFFF_FFFE)
        assert await registers.read(ENABLE) == 0
        assert await registers.read(STATUS) == 1  # the last sweep's
        assert await registers.finish() == 0

    play(simulate, body)


def test_enabling_after_completion_is_too_late(simulate):
    async def body(ctx, dut, registers):
        await registers.finish()
        await registers.write(ENABLE, 1)
        for _ in range(5):
            await registers.cycle()
        assert registers.pulses == 0

    play(simulate, body)


def test_enabling_in_the_cycle_of_completion_is_in_time(simulate):
    async def body(ctx, dut, registers):
        ctx.set(dut.control.finished, 1)
        await registers.write(ENABLE, 1)
        ctx.set(dut.control.finished, 0)
        for _ in range(5):
            await registers.cycle()
        assert registers.pulses == 1
        assert await registers.read(STATUS) == 0

    play(simulate, body)
