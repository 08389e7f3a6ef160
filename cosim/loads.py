"""What a program puts into memory, on the RTL and on the golden machine."""

from cosim.bench.job import Load
from cosim.endings import TOHOST
from cosim.image import Program
from cosim.soc_state import load, load_tags, memories
from cosim.toolchain.bootrom import boot_rom
from rtl.config import SocConfig
from rtl.isa.capfmt import GRANULE
from rtos_model.machine.machine import Machine


def segments(config: SocConfig, program: Program) -> list[tuple[int, bytes]]:
    """What goes into memory: the program and, unless it brings its own, the boot ROM that jumps to its entry."""
    if config.rom is None or program.boots(config):
        return list(program.segments)
    return [*program.segments, (config.rom.base, boot_rom(config, program.entry))]


def memory_loads(config: SocConfig, program: Program) -> tuple[Load, ...]:
    """All of the memories, zeros where the program has nothing."""
    loads = []
    image = segments(config, program)
    for name, region in config.map().items():
        if name not in (*memories(config), "rom"):
            continue
        contents = bytearray(region.size)
        for address, data in image:
            if address in region:
                contents[address - region.base : address - region.base + len(data)] = data
        loads.append(load(config, name, bytes(contents)))
    return tuple(loads)


def tag_loads(config: SocConfig, program: Program) -> tuple[Load, ...]:
    """The tags of the lines that the program brings as capabilities."""
    loads = []
    for name, region in memories(config).items():
        lines = {(address - region.base) // GRANULE for address in program.tags if address in region}
        if lines:
            loads.append(load_tags(config, name, lines))
    return tuple(loads)


def told_host(config: SocConfig, program: Program) -> int | None:
    """Where the program tells its end by storing, if it has a symbol for that in memory."""
    address = program.symbols.get(TOHOST)
    return address if any(address in region for region in memories(config).values() if address is not None) else None


def golden_machine(config: SocConfig, program: Program, *, scripted: bool = False) -> Machine:
    """The golden machine with the same contents, and perhaps the scripted clock."""
    tohost = told_host(config, program)
    return Machine(config, segments(config, program), tagged=program.tags, tohost=tohost, scripted=scripted)
