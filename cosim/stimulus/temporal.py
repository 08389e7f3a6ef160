"""Programs that copy a pointer about while the object it points to is freed and the revoker sweeps memory.

A program plays several random schedules, one object after the other. Until the object is freed it knows which copies
are alive; from then on none may be: not while a sweep runs, and not after the memory may be used again, when the
bits of the object are clear and nothing but missing tags protects it.
"""

import random
from dataclasses import dataclass, field

from cosim.toolchain.image import Image
from cosim.toolchain.program import FIRMWARE, build_text
from rtl.config import SocConfig
from rtl.isa.capfmt import GRANULE

REGISTERS = ("ct1", "ct2", "cs0", "cs1", "ca0", "ca1", "ca2", "ca3", "ca4", "ca5")
AREAS = ("csp", "cgp", "ctp")
"""Registers that hold copies, and those that point to stack, globals and heap."""
SLOTS = tuple(f"{at}({area})" for area in AREAS for at in range(0, 64, GRANULE))
OBJECTS, OBJECT_SPACE, PLACES = 0xA000, 64, 256
"""Distance of the first object from the start of RAM, bytes that each has at most, and how many places there are."""
OPERATIONS = 40
"""Before the object is freed, and again after it, at most."""
STORE = "sw zero, 60(csp)"
DELAYS = ("nop", "mul t0, t0, t0", "div t0, t0, t0", "lw t0, 0(csp)", STORE)


@dataclass(frozen=True)
class Copy:
    """A capability to the object: distance of its address from the object's start, and of its top."""

    at: int
    top: int


@dataclass
class Schedule:
    """Assembly lines of one schedule; `faults` that it takes.

    `copies` says what is alive where, `stale` which places in memory held a copy when the object was freed.
    """

    rng: random.Random
    size: int
    lines: list[str] = field(default_factory=list)
    faults: int = 0
    copies: dict[str, Copy | None] = field(default_factory=dict)
    stale: list[str] = field(default_factory=list)

    def service(self, name: str) -> None:
        self.lines += [f"li t0, {name}", "ecall"]

    def use(self, register: str) -> None:
        """A load through a copy: it works if the copy is alive, and is a fault if not."""
        copy = self.copies.get(register)
        if copy is None:
            self.faults += 1
        elif copy.at + 4 > copy.top:
            return
        self.lines.append(f"lw t0, 0({register})")

    def operation(self) -> None:
        """Anything that a program may do with pointers."""
        rng = self.rng
        register, other, slot = rng.choice(REGISTERS), rng.choice(REGISTERS), rng.choice(SLOTS)
        kind = rng.choice(("csc", "csc", "csc", "clc", "clc", "move", "derive", "use", "drop", "delay", "kick"))
        if kind in ("csc", "move", "derive") and rng.random() < 0.8:
            register = rng.choice([one for one in REGISTERS if self.copies.get(one)] or REGISTERS)
        held = self.copies.get(register)
        if kind == "csc":
            self.lines.append(f"csc {register}, {slot}")
            self.copies[slot] = held
        elif kind == "clc":
            self.lines.append(f"clc {register}, {slot}")
            self.copies[register] = self.copies.get(slot)
        elif kind == "move":
            self.lines.append(f"cmove {other}, {register}")
            self.copies[other] = held
        elif kind == "derive" and held and held.top - held.at >= GRANULE:
            self.derive(other, register, held)
        elif kind == "use":
            if self.stale and rng.random() < 0.7:
                self.lines.append(f"clc {register}, {rng.choice(self.stale)}")
                self.copies[register] = None
            self.use(register)
        elif kind == "drop":
            self.lines.append(rng.choice((f"csc cnull, {slot}", f"sw zero, {slot}", f"sb zero, {slot}")))
            self.copies[slot] = None
        elif kind == "delay":
            delay = rng.choice(DELAYS)
            self.lines += [delay] * rng.randrange(1, 6)
            if delay == STORE:
                self.copies["56(csp)"] = None
        elif kind == "kick" and rng.random() < 0.5:
            self.service("KICK")

    def derive(self, other: str, register: str, held: Copy) -> None:
        """A pointer into the object, or with narrower bounds."""
        distance = self.rng.randrange(0, held.top - held.at, GRANULE)
        if self.rng.random() < 0.5:
            self.lines.append(f"cincaddrimm {other}, {register}, {distance}")
            self.copies[other] = Copy(held.at + distance, held.top)
        else:
            self.lines.append(f"csetboundsimm {other}, {register}, {distance + GRANULE}")
            self.copies[other] = Copy(held.at, held.at + distance + GRANULE)

    def play(self) -> None:
        rng = self.rng
        self.service("MALLOC")
        self.copies["ca0"] = Copy(0, self.size)
        for _ in range(rng.randrange(OPERATIONS)):
            self.operation()
        self.service("FREE")
        self.stale = [place for place, copy in self.copies.items() if copy and place in SLOTS]
        self.copies.clear()
        for _ in range(rng.randrange(OPERATIONS)):
            self.operation()
        self.service("WAIT")
        self.service("REUSE")
        self.lines.append("li ra, 0")
        for register in REGISTERS:
            self.lines += [f"cgettag t0, {register}", "add ra, ra, t0"]
        for slot in SLOTS:
            self.lines += [f"clc ca0, {slot}", "cgettag t0, ca0", "add ra, ra, t0"]
        self.lines.append("bnez ra, leak")
        self.use(rng.choice(REGISTERS))


def races(seed: int, config: SocConfig, schedules: int) -> Image:
    """A program of so many random schedules; exit code 0 if every copy died, at the right moment at the latest."""
    rng = random.Random(seed)
    body, table, faults = [], [], 0
    for number in range(schedules):
        granules = rng.randrange(1, OBJECT_SPACE // GRANULE + 1)
        offset = OBJECTS + OBJECT_SPACE * rng.randrange(PLACES)
        schedule = Schedule(rng, GRANULE * granules)
        schedule.play()
        faults += schedule.faults
        body += [f"schedule_{number}:", *(f"  {line}" for line in schedule.lines)]
        bits = (1 << granules) - 1 << offset // GRANULE % 32
        table.append(f"  .word PLATFORM_RAM + {offset:#x}, {GRANULE * granules}, {bits:#x}, {faults}")
    return assembled(f"races, seed {seed}", body, table, config)


def assembled(name: str, body: list[str], table: list[str], config: SocConfig) -> Image:
    """The allocator, a body and its table of objects, linked for a system. Behind the body the run ends."""
    text = [
        '.include "allocator.inc"',
        "body:",
        *body,
        "  li t0, FINISH",
        "  ecall",
        "leak:",
        "  ebreak",
        ".balign 4",
        "objects:",
        *table,
    ]
    return build_text(name, "\n".join([*text, ""]), config, include_paths=(FIRMWARE / "temporal",))
