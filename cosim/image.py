"""A program as it goes into memory: read from an ELF file or a flat binary, checked against the memory map."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cosim.errors import UserError
from cosim.toolchain.elf_reader import is_elf, read_elf
from cosim.toolchain.image import Image
from rtl.config import Region, SocConfig
from rtl.isa.csr import MISA_B

BASE_LETTERS = {"g": "imafd", "e": "e", "i": "i"}
PARTS = {"zmmul": "m", "zca": "c", "xcheri": "xcheriot", "xcheriot1": "xcheriot"}
"""Extensions that are a part, or another name, of one that a core may have."""


@dataclass(frozen=True)
class Program:
    """What to load and where to start. `segments` are (address, bytes), zero-filled parts included."""

    name: str
    entry: int
    segments: tuple[tuple[int, bytes], ...]
    symbols: Mapping[str, int] = field(default_factory=dict)


def load_program(path: Path, config: SocConfig, base: int | None = None) -> Program:
    """Read an image for a system. A flat binary goes to `base` (default: the system's entry) and starts there.

    Raises UserError, one line, for a file that cannot be read, is damaged, is for another machine, needs what the
    core does not have, or does not fit the memory map.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot read it: {error.strerror}") from None
    if is_elf(data):
        if base is not None:
            raise UserError(f"{path}: an ELF file has its own addresses; leave out --base")
        elf = read_elf(data, str(path))
        _check_architecture(path, elf.architecture, config)
        segments = tuple((part.address, part.data.ljust(part.size, b"\0")) for part in elf.segments)
        program = Program(str(path), elf.entry, segments, {symbol.name: symbol.address for symbol in elf.symbols})
    else:
        if not data:
            raise UserError(f"{path}: empty")
        start = config.entry if base is None else base
        program = Program(str(path), start, ((start, data),))
    check_fits(program, config)
    return program


def linked_program(name: str, image: Image) -> Program:
    """A program that the toolchain has just linked."""
    segments = tuple((part.address, part.data.ljust(part.size, b"\0")) for part in image.segments())
    return Program(name, image.entry, segments, {symbol.name: symbol.address for symbol in image.symbols})


def check_fits(program: Program, config: SocConfig) -> None:
    """Raise UserError unless every byte lies in RAM, and the entry in what was loaded and can be started."""
    memories = {name: region for name, region in config.map().items() if name in ("ram", "data_ram")}
    for address, data in program.segments:
        if not any(_holds(region, address, len(data)) for region in memories.values()):
            places = ", ".join(f"{name} at {region.base:#x}..{region.end:#x}" for name, region in memories.items())
            raise UserError(
                f"{program.name}: {len(data)} bytes for {address:#x}..{address + len(data):#x} do not fit the memory"
                f" map of profile {config.name} ({places}); link it for this profile, or choose another --profile"
            )
    if not any(address <= program.entry < address + len(data) for address, data in program.segments):
        raise UserError(f"{program.name}: its entry {program.entry:#x} lies outside of what it loads")
    if config.rom is None and program.entry != config.core.boot_address:
        raise UserError(
            f"{program.name}: its entry is {program.entry:#x}, but profile {config.name} starts at"
            f" {config.core.boot_address:#x} and has no boot ROM to jump"
        )


def _holds(region: Region, address: int, size: int) -> bool:
    return region.base <= address and address + size <= region.end


def extensions(architecture: str) -> set[str]:
    """The extensions that an architecture string such as `rv32e2p0_m2p0_zmmul1p0_xcheriot1p0` names."""
    first, *others = re.sub(r"^rv32", "", architecture.lower()).split("_")
    letters = re.sub(r"\d+p\d+|\d+", "", first)
    found = set("".join(BASE_LETTERS.get(letter, letter) for letter in letters))
    found |= {re.sub(r"(\d+p\d+)$", "", name) for name in others}
    return {PARTS.get(name, name) for name in found if name}


def _check_architecture(path: Path, architecture: str, config: SocConfig) -> None:
    """Refuse an image whose attributes ask for instructions that the core lacks. RV32E is a part of RV32I."""
    if not architecture:
        return
    have = {name.lower() for name in config.core.extensions} | {"e"} | ({"b"} if config.core.misa & MISA_B else set())
    missing = sorted(extensions(architecture) - have)
    if missing:
        raise UserError(
            f"{path}: compiled for {architecture}; the core of profile {config.name} has no {', '.join(missing)}"
            " (compile for the plain cheriot CPU)"
        )
