"""The state at the end of a run, of the core and of the golden machine, compared whole."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cosim.compare.record import RECORD
from rtl.config import Region
from rtl.isa.capfmt import GRANULE
from rtl.isa.csr import CSR_BY_NAME, SCR_BY_NUMBER
from rtl.isa.table import REGISTERS
from rtos_model.machine.commit import unpack
from rtos_model.machine.machine import Machine
from rtos_model.machine.value import TAG_AT, WORDS, capability

CSRS = ("mstatus", "mie", "mcause", "mtval", "mscratch", "mshwm", "mshwmb")
"""Those that are state and no counters."""
QUIET = 16
"""Records without an effect after which a program counts as being at rest."""
SHOWN = 10
"""Differing places listed; more are counted."""


@dataclass(frozen=True)
class State:
    """Registers, special registers and memory lines in the form of `rtos_model.machine.value`."""

    registers: list[int]
    scrs: Mapping[str, int]
    csrs: Mapping[str, int]
    memories: Mapping[str, list[int]]
    bitmap: bytes


def state_of(machine: Machine) -> State:
    return State(
        registers=machine.registers[:REGISTERS],
        scrs={name: machine.scrs[number] for number, name in SCR_BY_NUMBER.items() if number in machine.scrs},
        csrs={name: machine.csrs.read(CSR_BY_NAME[name].number, 0) for name in CSRS},
        memories={name: block.lines for name, block in machine.memory.blocks.items() if block.tagged},
        bitmap=machine.memory.blocks["bitmap"].content(),
    )


def quiet(data: bytes) -> bool:
    """Whether the last records changed nothing: then it does not matter which of them the state includes."""
    effects = ("trap", "rd", "mem_wmask", "csr_write", "scr_write", "pcc_write")
    last = RECORD.iter_unpack(data[-QUIET * RECORD.size :])
    return not any(fields[name] for fields in map(unpack, last) for name in effects)


def differences(core: State, model: State, regions: Mapping[str, Region]) -> list[str]:
    """One line of text per place where the two differ; `regions` says where the memories are."""
    found = []
    for number, (mine, theirs) in enumerate(zip(core.registers, model.registers, strict=True)):
        if number and mine != theirs:
            found.append(f"register c{number}: core {capability(mine)}, model {capability(theirs)}")
    for name, theirs in model.scrs.items():
        if core.scrs[name] != theirs:
            found.append(f"{name}: core {capability(core.scrs[name])}, model {capability(theirs)}")
    for name, theirs in model.csrs.items():
        if core.csrs[name] != theirs:
            found.append(f"{name}: core {core.csrs[name]:#x}, model {theirs:#x}")
    for name, theirs in model.memories.items():
        if core.memories[name] != theirs:
            found += _line_differences(core.memories[name], theirs, regions[name].base)
    if core.bitmap != model.bitmap:
        pairs = zip(core.bitmap, model.bitmap, strict=True)
        places = [index for index, (mine, theirs) in enumerate(pairs) if mine != theirs]
        found += shortened(f"revocation bitmap, byte {index:#x}" for index in places)
    return found


def _line_differences(core: Iterable[int], model: Iterable[int], base: int) -> list[str]:
    texts = (
        f"memory {base + GRANULE * index:#010x}: core {_line(mine)}, model {_line(theirs)}"
        for index, (mine, theirs) in enumerate(zip(core, model, strict=True))
        if mine != theirs
    )
    return shortened(texts)


def _line(value: int) -> str:
    return f"{value & WORDS:016x} tag {value >> TAG_AT}"


def shortened(texts: Iterable[str]) -> list[str]:
    """The first few, and how many there are besides."""
    found = list(texts)
    rest = len(found) - SHOWN
    return [*found[:SHOWN], f"... and {rest} more"] if rest > 0 else found
