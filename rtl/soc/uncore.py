"""Everything around the core: address decoder, memories and devices. Wiring only."""

from functools import reduce
from operator import or_

from amaranth.hdl import Module, Mux
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from rtl.bus.arbiter import Arbiter
from rtl.bus.fabric import Fabric
from rtl.bus.port import LINE, LookupSignature, MemorySignature
from rtl.config import SocConfig
from rtl.isa.csr import INTERRUPT_BITS
from rtl.mem.revbits import RevocationBits
from rtl.mem.rom import Rom
from rtl.mem.sram import Sram
from rtl.revoker.regs import RevokerRegisters
from rtl.revoker.sweep import PATIENCE, RecordSignature, Sweep
from rtl.soc.gpio import Gpio
from rtl.soc.plic import REVOKER, TEST_LEVELS, TEST_PULSES, UART, Plic
from rtl.soc.scripted import ScriptedClock
from rtl.soc.simctl import ReportSignature, SimulationControl
from rtl.soc.timer import Timer
from rtl.soc.uart import Uart

Interrupts = data.StructLayout(dict.fromkeys(INTERRUPT_BITS, 1))


class Uncore(wiring.Component):
    """Serves one core. After reset the data port waits until all tags and revocation bits are clear.

    `rom_image` is what the boot ROM holds, `patience` the revoker's (see `rtl.revoker.sweep`). `lines` come from
    outside and are joined with those of the devices. While `second` is high, the next data request belongs to the
    last one, and nobody else's comes between. `sleeping` says that the core waits in wfi; with `scripted` time stands
    still until nothing else can happen, and `asleep` says that nothing will (see `rtl.soc.scripted`). Ports to the
    outside, if there is such a device: `uart` (see `rtl.soc.uart`), `simctl` (see `rtl.soc.simctl`), `gpio` (see
    `rtl.soc.gpio`) and `sweep`, the revoker's records (see `rtl.revoker.sweep`).
    """

    def __init__(self, config: SocConfig, rom_image: bytes = b"", *, patience: int = PATIENCE):
        self.config = config
        self.regions = config.map()
        lines = {name: region.size // LINE for name, region in self.regions.items()}
        self.fabric = Fabric(self.regions)
        self.memories = {name: Sram(lines[name]) for name in ("ram", "data_ram") if name in lines}
        self.bitmap = RevocationBits(config.heap)
        self.devices = {}
        outside = {}
        if "rom" in lines:
            self.rom = Rom(lines["rom"], rom_image)
        if config.timer is not None:
            self.devices["timer"] = Timer(config.timer)
        if config.uart is not None:
            self.devices["uart"] = uart = Uart(serial=config.serial)
            outside["uart"] = Out(uart.console.signature)
        if config.simctl is not None:
            self.devices["simctl"] = SimulationControl()
            outside["simctl"] = Out(ReportSignature())
        if config.plic is not None:
            self.devices["plic"] = Plic()
        if config.gpio is not None:
            self.devices["gpio"] = gpio = Gpio()
            outside["gpio"] = Out(gpio.pins.signature)
        if config.revoker is not None:
            self.devices["revoker"] = RevokerRegisters()
            self.sweeper = Sweep(patience)
            outside["sweep"] = Out(RecordSignature())
        super().__init__(
            {
                "data": In(MemorySignature()),
                "fetch": In(MemorySignature()),
                "lookup": In(LookupSignature()),
                "second": In(1),
                "interrupts": Out(Interrupts),
                "lines": In(Interrupts),
                "sleeping": In(1),
                "scripted": In(1),
                "asleep": Out(1),
                **outside,
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.fabric = fabric = self.fabric
        connect(m, flipped(self.fetch), fabric.fetch)
        holds = [~self.bitmap.ready]

        for name, memory in self.memories.items():
            m.submodules[name] = memory
            connect(m, getattr(fabric, name), memory.data)
            holds.append(~memory.ready)
        connect(m, fabric.fetch_ram, self.memories["ram"].fetch)
        if "rom" in self.regions:
            m.submodules.rom = self.rom
            connect(m, fabric.rom, self.rom.data)
            connect(m, fabric.fetch_rom, self.rom.fetch)
        m.submodules.bitmap = self.bitmap
        connect(m, fabric.bitmap, self.bitmap.bits)
        if "revoker" in self.devices:
            self.share(m)
        else:
            connect(m, flipped(self.data), fabric.data)
            connect(m, flipped(self.lookup), self.bitmap.lookup)

        for name, device in self.devices.items():
            m.submodules[name] = device
            connect(m, getattr(fabric, name), device.port)
        if uart := self.devices.get("uart"):
            connect(m, flipped(self.uart), uart.console)
            holds.append(uart.hold)
        if simctl := self.devices.get("simctl"):
            connect(m, flipped(self.simctl), simctl.report)
        if gpio := self.devices.get("gpio"):
            connect(m, flipped(self.gpio), gpio.pins)
        m.d.comb += fabric.hold.eq(reduce(or_, holds))
        self.interrupt(m)
        if "timer" in self.devices:
            self.script(m)
        return m

    def interrupt(self, m: Module) -> None:
        """Join the interrupts of the devices with the lines from outside."""
        timer, plic = self.devices.get("timer"), self.devices.get("plic")
        m.d.comb += self.interrupts.eq(self.lines)
        if timer:
            m.d.comb += self.interrupts.timer.eq(self.lines.timer | timer.timer)
            m.d.comb += self.interrupts.software.eq(self.lines.software | timer.software)
        if not plic:
            return
        m.d.comb += self.interrupts.external.eq(self.lines.external | plic.interrupt)
        if uart := self.devices.get("uart"):
            m.d.comb += plic.levels[UART].eq(uart.interrupt)
        if revoker := self.devices.get("revoker"):
            m.d.comb += plic.pulses[REVOKER].eq(revoker.interrupt)
        if simctl := self.devices.get("simctl"):
            m.d.comb += simctl.claims.eq(plic.claims)
            m.d.comb += [plic.levels[source].eq(simctl.levels[source]) for source in TEST_LEVELS]
            m.d.comb += [plic.pulses[source].eq(simctl.pulses[source]) for source in TEST_PULSES]

    def script(self, m: Module) -> None:
        """Let simulation decide about the time."""
        timer = self.devices["timer"]
        m.submodules.clock = clock = ScriptedClock()
        m.d.comb += [
            clock.scripted.eq(self.scripted),
            clock.sleeping.eq(self.sleeping),
            clock.pending.eq(self.interrupts.as_value().any()),
            clock.never.eq(timer.never),
            timer.still.eq(clock.still),
            timer.jump.eq(clock.jump),
            self.asleep.eq(clock.asleep),
        ]
        if "revoker" in self.devices:
            m.d.comb += clock.sweeping.eq(self.sweeper.control.epoch[0])
        if simctl := self.devices.get("simctl"):
            m.d.comb += timer.advance.eq(simctl.advance)

    def share(self, m: Module) -> None:
        """Let the revoker use what the core leaves of data port and bitmap lookups."""
        fabric, bitmap = self.fabric, self.bitmap
        m.submodules.sweeper = sweeper = self.sweeper
        m.submodules.arbiter = arbiter = Arbiter()
        connect(m, flipped(self.data), arbiter.first)
        connect(m, sweeper.bus, arbiter.second)
        connect(m, arbiter.bus, fabric.data)
        connect(m, self.devices["revoker"].control, sweeper.control)
        connect(m, flipped(self.sweep), sweeper.record)
        m.d.comb += [
            arbiter.hold.eq(sweeper.hold),
            arbiter.keep.eq(self.second),
            sweeper.store.eq(self.data.valid & self.data.ready & self.data.request.write),
            sweeper.store_line.eq(self.data.request.line),
            sweeper.repaint.eq(fabric.bitmap.enable & fabric.bitmap.write),
            bitmap.lookup.enable.eq(self.lookup.enable | sweeper.lookup.enable),
            bitmap.lookup.granule.eq(Mux(self.lookup.enable, self.lookup.granule, sweeper.lookup.granule)),
            sweeper.denied.eq(self.lookup.enable),
            self.lookup.revoked.eq(bitmap.lookup.revoked),
            sweeper.lookup.revoked.eq(bitmap.lookup.revoked),
        ]
