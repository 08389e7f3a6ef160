"""The address decoder: who is asked, who answers, what is an error, and nothing out of order."""

import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring

from rtl.bus.fabric import Fabric
from rtl.config import Region
from rtl.mem.rom import Rom
from rtl.mem.sram import Sram

REGIONS = {
    "ram": Region(base=0x1000, size=0x1000),
    "rom": Region(base=0x800, size=0x100),
    "odd": Region(base=0x2040, size=0x60),  # neither aligned nor a power of two
    "short": Region(base=0x4000, size=0x58),  # aligned, not a power of two
    "last": Region(base=(1 << 32) - 0x20, size=0x20),
}
IMAGE = bytes(range(256))


class Bench(wiring.Component):
    """The fabric with real memories behind it, all but the ROM being tagged memories."""

    def __init__(self):
        self.fabric = Fabric(REGIONS)
        members = self.fabric.signature.members
        super().__init__({name: members[name] for name in ("data", "fetch", "hold")})

    def elaborate(self, platform):
        m = Module()
        m.submodules.fabric = fabric = self.fabric
        for name in ("data", "fetch"):
            wiring.connect(m, wiring.flipped(getattr(self, name)), getattr(fabric, name))
        m.d.comb += fabric.hold.eq(self.hold)
        m.submodules.rom = rom = Rom(REGIONS["rom"].size // 8, IMAGE)
        wiring.connect(m, fabric.rom, rom.data)
        wiring.connect(m, fabric.fetch_rom, rom.fetch)
        for name in ("ram", "odd", "short", "last"):
            m.submodules[name] = ram = Sram(REGIONS[name].size // 8)
            wiring.connect(m, getattr(fabric, name), ram.data)
            if name == "ram":
                wiring.connect(m, fabric.fetch_ram, ram.fetch)
        return m


def where(address, *, fetch=False):
    """Name of the region at `address`, by counting bytes."""
    for name, region in REGIONS.items():
        if region.base <= address < region.base + region.size and (not fetch or name in ("ram", "rom")):
            return name
    return None


def addresses(rng):
    region = rng.choice(list(REGIONS.values()))
    return rng.choice(
        [
            region.base + rng.randrange(region.size),
            region.base - 8 + rng.randrange(16),
            region.base + region.size - 8 + rng.randrange(16),
            region.base ^ 1 << rng.randrange(3, 32),
            rng.getrandbits(32),
        ]
    ) % (1 << 32)


@pytest.mark.parametrize("idle", [0.0, 0.3])
def test_random_requests_against_a_dictionary(simulate, rng, idle):
    dut = Bench()
    memory = {}  # line number: (data, tag)
    rom = {0x100 + n: (int.from_bytes(IMAGE[8 * n : 8 * n + 8], "little"), 0) for n in range(32)}

    def read(line):
        return rom.get(line) or memory.get(line, (0, 0))

    async def bench(ctx):
        await ctx.tick().repeat(40)  # tags are cleared
        due = {"data": None, "fetch": None}
        answers = {"data": 0, "fetch": 0}
        for _ in range(6000):
            for name, expected in due.items():
                port = getattr(dut, name)
                assert ctx.get(port.answered) == (expected is not None)
                if expected is None:
                    continue
                answers[name] += 1
                response = ctx.get(port.response)
                assert response.error == (expected == "error")
                if isinstance(expected, tuple):
                    assert (response.data, response.tag) == expected
            ctx.set(dut.hold, hold := rng.random() < idle)
            for name in due:
                port, address = getattr(dut, name), addresses(rng)
                line, write = address // 8, name == "data" and rng.random() < 0.5
                mask, tag = rng.choice([(0xFF, 1), (0xFF, 0), (1 << rng.randrange(8), 0)])
                data = rng.getrandbits(64)
                valid = rng.random() >= idle
                ctx.set(port.valid, valid)
                ctx.set(port.request, {"line": line, "write": write, "mask": mask, "data": data, "tag": tag})
                place = where(address, fetch=name == "fetch")
                due[name] = None
                if not valid or (name == "data" and hold):
                    continue
                if place is None or (write and place == "rom"):
                    due[name] = "error"
                elif not write:
                    due[name] = line  # read after the stores of this cycle (fetch) or before any (data: none)
                else:
                    old, _ = memory.get(line, (0, 0))
                    bits = sum(0xFF << 8 * i for i in range(8) if mask >> i & 1)
                    memory[line] = (old & ~bits | data & bits, tag)
                    due[name] = "written"
            if isinstance(due["data"], int):
                due["data"] = read(due["data"])
            if isinstance(due["fetch"], int):
                due["fetch"] = (read(due["fetch"])[0], 0)
            await ctx.tick()
        assert min(answers.values()) > 6000 * (1 - idle) ** 2 * 0.9

    simulate(dut, bench)
