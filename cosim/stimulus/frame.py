"""The fixed part of random programs for one system: start-up and trap handler, and where everything lies.

The code and the numbers come from `random.inc`; this reads them out of the assembled result.
"""

import enum
from dataclasses import dataclass
from functools import cache

from cosim.errors import UserError
from cosim.toolchain.assembler import assemble
from cosim.toolchain.linker import link
from cosim.toolchain.program import INCLUDE, platform_constants
from rtl.config import Region, SocConfig, TimerConfig
from rtl.isa.table import BY_NAME, UPPER_SHIFT, encode

NOWHERE = 0x4000_0000
"""An address at which no system has anything."""
EVERYTHING = 0xFFFF_FFFF
"""A length that leaves the bounds of a root as they are."""


class Slot(enum.IntEnum):
    """Capabilities that the body loads from the frame's table, in its order; DATA first."""

    DATA = 0
    SEALING = 1
    BITMAP = 2
    CODE = 3
    EDGE = 4
    HOLE = 5
    ROM = 6
    UART = 7
    WINDOW = 8
    CHARACTER = 9
    CLOCK = 10
    ALARM = 11
    SOFTWARE = 12
    RESUME = 13


@dataclass(frozen=True)
class Frame:
    """`code` is the start of the image, up to the parameters."""

    config: SocConfig
    timer: TimerConfig
    code: bytes
    symbols: dict[str, int]

    @property
    def base(self) -> int:
        return self.config.entry

    def __getitem__(self, name: str) -> int:
        """A symbol of the source."""
        return self.symbols[name]

    def device(self, name: str) -> int:
        """The base of a device, by its name in the memory map."""
        return self.config.map()[name].base

    @property
    def body(self) -> int:
        return self.base + self["BODY"]

    @property
    def body_end(self) -> int:
        return self.base + self["DATA"]

    @property
    def data(self) -> Region:
        return Region(base=self.base + self["DATA"], size=self["DATA_SIZE"])

    def slot(self, slot: Slot) -> int:
        """The address of a table entry."""
        return self.base + self["FRAME"] + self["TABLE"] + 8 * slot

    def load_from(self, register: int, place: int, address: int) -> tuple[int, int]:
        """The two words, from `address` on, that load the capability at `place` into a register."""
        shift = UPPER_SHIFT["simm_u"]
        high, low = divmod(abs(place - address), 1 << shift)
        if place < address:
            high, low = -high, -low
        return encode(BY_NAME["auipcc"], register, high), encode(BY_NAME["clc"], register, low, register)


@cache
def frame(config: SocConfig) -> Frame:
    """The frame for a system. Raises UserError if it lacks what random programs need."""
    if config.timer is None or config.simctl is None or config.uart is None:
        raise UserError(f"profile {config.name}: random programs need timer, simulation control and UART")
    source = assemble('.include "random.inc"\n', "random", (INCLUDE,), platform_constants(config))
    image = link([source], config.ram, base=config.entry, entry="_start")
    found = Frame(config, config.timer, image.flat(), {symbol.name: symbol.address for symbol in image.symbols})
    if found.data.end > config.ram.end or found.data.base not in Region(base=config.heap.base, size=config.heap.size):
        raise UserError(f"profile {config.name}: random programs need {found.data.end - config.entry:#x} bytes of heap")
    return found
