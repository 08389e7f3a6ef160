"""What a maker of items sees: the machine as it stands, random numbers, and choices that suit both."""

import random

from cosim.stimulus.frame import Frame
from cosim.stimulus.item import Code, Part, short, wide
from rtl.isa.table import INSNS, REGISTERS, Unit
from rtos_model.machine.capability import Perm
from rtos_model.machine.machine import Machine
from rtos_model.machine.value import ADDRESS, SEALED, TAG, permissions, span

COMPRESSED = 0.7
"""How often an instruction that has a compressed form takes it."""
SENSIBLE = 0.85
"""How often an operand is one that makes sense; else it is any."""

ARITHMETIC = (Unit.ALU, Unit.MULDIV, Unit.BITS)


class Scene:
    """`machine` has executed everything before. Registers in `kept` are not to be written.

    `arithmetic` are the rows of the instructions on numbers that the core has.
    """

    def __init__(self, rng: random.Random, frame: Frame, machine: Machine):
        self.rng = rng
        self.frame = frame
        self.machine = machine
        self.kept: set[int] = set()
        extensions = machine.config.core.extensions
        self.arithmetic = [row for row in INSNS if row.unit in ARITHMETIC and not row.extensions.isdisjoint(extensions)]

    def value(self, register: int) -> int:
        return self.machine.registers[register]

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    # Registers

    def any(self) -> int:
        return self.rng.randrange(REGISTERS)

    def where(self, suits, otherwise=None) -> int:
        """Mostly a register whose value suits, if there is one."""
        found = [register for register in range(1, REGISTERS) if suits(self.value(register))]
        if found and self.chance(SENSIBLE):
            return self.rng.choice(found)
        return self.any() if otherwise is None else otherwise()

    def target(self) -> int:
        """A register to write: mostly one without a capability, so that capabilities live on."""
        free = [register for register in range(REGISTERS) if register not in self.kept]
        plain = [register for register in free if register and self.value(register) < TAG]
        return self.rng.choice(plain if plain and self.chance(0.8) else free)

    def fresh(self, count: int) -> list[int]:
        """Different registers, not 0, that may be written; those without capabilities first."""
        free = [register for register in range(1, REGISTERS) if register not in self.kept]
        self.rng.shuffle(free)
        free.sort(key=lambda register: self.value(register) >= TAG)
        return free[:count]

    def tagged(self) -> int:
        return self.where(lambda value: value >= TAG)

    def unsealed(self) -> int:
        return self.where(lambda value: value >= TAG and not value & SEALED)

    def integer(self) -> int:
        return self.where(lambda value: value < TAG)

    def authority(self, needed: Perm, size: int) -> int:
        """A register for an access: mostly one that permits it and has room for it within reach of an offset."""
        return self.where(
            lambda value: (
                value >= TAG
                and not value & SEALED
                and permissions(value) & needed == needed
                and self.reachable(value, size)
                and not permissions(value) & Perm.EX
            )
        )

    @staticmethod
    def reachable(value: int, size: int) -> range:
        """Offsets for which an access of `size` bytes is within bounds."""
        _, _, base, top = span(value)
        address = value & ADDRESS
        return range(max(base - address, -2048), min(top - address - size, 2047) + 1)

    def capabilities(self) -> int:
        """Registers that can be loaded through."""
        values = (self.value(register) for register in range(1, REGISTERS))
        return sum(v >= TAG and not v & SEALED and bool(permissions(v) & Perm.LD) for v in values)

    # Code

    def code(self, name: str, *values: int) -> Code:
        """An instruction, often in its compressed form."""
        found = wide(name, *values)
        return short(found) if self.chance(COMPRESSED) else found

    def fillers(self, makers, count: int, kept: set[int]) -> list[Part]:
        """A few items without control flow of their own, none of which writes the registers in `kept`."""
        before = self.kept
        self.kept = before | kept
        found = [part for _ in range(count) for part in self.rng.choice(makers)(self)]
        self.kept = before
        return found
