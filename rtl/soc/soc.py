"""A whole system: core, memories and devices. Wiring only.

Memories keep their names in the Verilog, for those who look into a running simulation (element 0 of each array
holds the lowest addresses, first byte in the lowest bits):

    uncore.ram.memory         RAM lines, 64 bits
    uncore.ram.tags.memory    their tags, 32 lines to an element; cleared in the first cycles after reset
    uncore.data_ram...        the same for the data RAM, if there is one
    uncore.rom.memory         boot ROM lines, 64 bits
    uncore.bitmap.memory      revocation bits, 64 to an element; cleared like the tags
"""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from rtl.bus.wait import WaitStates
from rtl.config import SocConfig
from rtl.core.core import Core
from rtl.soc.uncore import Interrupts, Uncore

DEVICES = ("uart", "simctl", "gpio")
"""Devices with ports to the outside."""
TRACED = ("sweep",)
ZEROING = "zeroing"
"""What only a bench wants to see, as it does the commit port: of the devices, and of the core."""
SCRIPT = {"scripted": In(1), "asleep": Out(1)}
"""The clock that a bench can stop (see `rtl.soc.scripted`)."""


class Soc(wiring.Component):
    """The ports of `Uncore` that lead outside, and of `Core` what a bench or a board wants to see.

    `interrupts` are extra interrupt lines, for tests. With `config.core.trace` there is the commit port
    and, if there is a revoker, the record of what it sweeps; and, if there is a timer, the scripted clock.
    """

    def __init__(self, config: SocConfig, rom_image: bytes = b""):
        self.config = config
        self.core = Core(config.core)
        self.uncore = Uncore(config, rom_image)
        members = {"interrupts": In(Interrupts)}
        for name in ("lockup", "sleeping", "commit_valid", "commit", ZEROING):
            if name in self.core.signature.members:
                members[name] = self.core.signature.members[name]
        for name in (*DEVICES, *TRACED) if config.core.trace else DEVICES:
            if name in self.uncore.signature.members:
                members[name] = self.uncore.signature.members[name]
        if config.core.trace and config.timer is not None:
            members |= SCRIPT
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        m.submodules.core = core = self.core
        m.submodules.uncore = uncore = self.uncore
        connect(m, core.lookup, uncore.lookup)
        for seed, name in enumerate(("data", "fetch"), self.config.wait_states):
            if self.config.wait_states:
                m.submodules[f"{name}_wait"] = wait = WaitStates(seed)
                connect(m, getattr(core, name), wait.initiator)
                connect(m, wait.target, getattr(uncore, name))
            else:
                connect(m, getattr(core, name), getattr(uncore, name))
        m.d.comb += [uncore.second.eq(core.second), uncore.sleeping.eq(core.sleeping)]
        if "scripted" in self.signature.members:
            m.d.comb += [uncore.scripted.eq(self.scripted), self.asleep.eq(uncore.asleep)]
        m.d.comb += [core.interrupts.eq(uncore.interrupts), uncore.lines.eq(self.interrupts)]
        for name in self.signature.members:
            if name in DEVICES or name in TRACED:
                connect(m, flipped(getattr(self, name)), getattr(uncore, name))
            elif name == ZEROING:
                connect(m, flipped(self.zeroing), core.zeroing)
            elif name != "interrupts" and name not in SCRIPT:
                m.d.comb += getattr(self, name).eq(getattr(core, name))
        return m
