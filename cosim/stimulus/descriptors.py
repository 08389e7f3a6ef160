"""Which capabilities a random program starts with: its table, its registers, and some in its data."""

import random
from dataclasses import dataclass

from cosim.stimulus.frame import EVERYTHING, NOWHERE, Frame, Slot
from rtl.isa.capfmt import GRANULE
from rtl.isa.table import REGISTERS
from rtos_model.machine.capability import ALL_PERMISSIONS, Perm, representable_length
from rtos_model.machine.devices.timer import MSIP, MTIME, MTIMECMP, OFFSETS

MEMORY, EXECUTABLE, SEALING = 0, 1, 2
WORDS = 7
"""32-bit words of a descriptor in memory."""
ANY = ALL_PERMISSIONS
READ_ONLY = ANY & ~Perm.SD
DATA_ONLY = ANY & ~Perm.MC
MASKS = (ANY, ANY, ANY, ANY, ANY & ~Perm.GL, READ_ONLY, DATA_ONLY, ANY & ~Perm.SL, ANY & ~Perm.LG, ANY & ~Perm.LM)
"""Permission masks of capabilities for data; most have all."""
SPARED = 512
"""Bytes at the start of the data area whose revocation bits the body cannot reach: tables of live capabilities."""
POOL = 40
"""Capabilities in the data area at first."""
UART_REST = 0x1C
"""Bytes of UART registers behind the data register."""


@dataclass(frozen=True, kw_only=True)
class Descriptor:
    """One capability, made from a root by the start-up code and stored at `place`."""

    root: int = MEMORY
    base: int = 0
    length: int = EVERYTHING
    distance: int = 0
    mask: int = ANY
    otype: int = 0
    place: int

    def words(self) -> tuple[int, ...]:
        return self.root, self.base, self.length, self.distance % (1 << 32), self.mask, self.otype, self.place


def for_program(rng: random.Random, frame: Frame) -> tuple[Descriptor, ...]:
    """All descriptors of one program."""
    registers = frame.base + frame["FRAME"] + frame["REGISTERS"]
    pool = [_some(rng, frame, frame.data.base + GRANULE * place) for place in range(POOL)]
    loaded = [_some(rng, frame, registers + GRANULE * place) for place in range(REGISTERS - 1)]
    return (*_table(frame), *loaded, *pool)


def _table(frame: Frame) -> list[Descriptor]:
    config, data = frame.config, frame.data
    bits = config.heap.bitmap + (data.base + SPARED - config.heap.base) // 64
    offset = frame["FRAME"] + frame.base
    timer = {name: frame.timer.base + at for name, at in OFFSETS[frame.timer.layout].items()}
    uart, simctl = frame.device("uart"), frame.device("simctl")
    rom = config.rom.base if config.rom else NOWHERE
    entries = {
        Slot.DATA: (data.base, data.size, ANY),
        Slot.BITMAP: (bits, (data.size - SPARED) // 64, ANY),
        Slot.CODE: (frame.body, frame.body_end - frame.body, ANY),
        Slot.EDGE: (config.ram.end - 32, 64, ANY),
        Slot.HOLE: (NOWHERE, 0x1000, ANY),
        Slot.ROM: (rom, 0x100, ANY),
        Slot.UART: (uart + 4, UART_REST, ANY),
        Slot.WINDOW: (simctl + frame["SIMCTL_WINDOW"], 0x100, ANY),
        Slot.CHARACTER: (simctl + frame["SIMCTL_CHARACTER"], 4, ANY),
        Slot.CLOCK: (timer[MTIME], 8, READ_ONLY),
        Slot.ALARM: (timer[MTIMECMP], 4, ANY),
        Slot.SOFTWARE: (timer[MSIP], 4, ANY),
        Slot.RESUME: (offset + frame["RESUME"], GRANULE, ANY),
    }
    found = [
        Descriptor(base=base, length=length, mask=mask, place=frame.slot(slot))
        for slot, (base, length, mask) in entries.items()
    ]
    own = {"TIME": timer[MTIME], "COMPARE": timer[MTIMECMP], "SOFTWARE": timer[MSIP], "SIMCTL": simctl}
    found += [Descriptor(base=base, length=GRANULE, place=offset + frame[name]) for name, base in own.items()]
    return [*found, Descriptor(root=SEALING, place=frame.slot(Slot.SEALING))]


def _some(rng: random.Random, frame: Frame, place: int) -> Descriptor:
    """Mostly something to load and store through; now and then a sealed one, a sealing authority, a sentry."""
    shape = rng.randrange(20)
    if shape == 0:
        return Descriptor(root=SEALING, distance=rng.randrange(18), place=place)
    if shape == 1:
        first = rng.randrange(1, 14)
        return Descriptor(root=SEALING, base=first, length=rng.randrange(1, 5), distance=rng.randrange(4), place=place)
    if shape == 2:
        return Descriptor(root=EXECUTABLE, base=frame["pad"], length=4, otype=rng.randrange(8), place=place)
    base, length = data_range(rng, frame)
    distance = rng.choice((0, 0, rng.randrange(length + 1), length))
    otype = rng.randrange(9, 16) if shape == 3 else 0
    return Descriptor(
        base=base, length=length, distance=distance, mask=rng.choice(MASKS), otype=otype, place=place
    )


def data_range(rng: random.Random, frame: Frame) -> tuple[int, int]:
    """Base and length of some object in the data area that can be represented exactly."""
    length = rng.choice((8, 16, 24, 64, 256, rng.randrange(64), rng.randrange(2048), 1 << rng.randrange(13)))
    length = representable_length(length)
    granule = GRANULE if length < 1 << 12 else length & -length
    start = frame.data.base + rng.randrange(0, (frame.data.size - length) >> rng.choice((0, 2)), granule)
    return (start + rng.randrange(8) if length < 64 and not rng.randrange(4) else start), length
