"""A program as it goes into memory: read from image files, checked against the memory map."""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from cosim.errors import UserError
from cosim.toolchain.elf_reader import is_elf, read_elf
from cosim.toolchain.hex_reader import Contents, is_intel_hex, is_verilog_hex, read_intel_hex, read_verilog_hex
from cosim.toolchain.image import Image
from rtl.config import OPTIONS, PROFILES, Region, SocConfig, profile
from rtl.isa.csr import MISA_B

BASE_LETTERS = {"g": "imafd", "e": "e", "i": "i"}
PARTS = {"zmmul": "m", "zca": "c", "xcheri": "xcheriot", "xcheriot1": "xcheriot", "xcheripurecap": "xcheriot"}
"""Extensions that are a part, or another name, of one that a core may have."""
ROM_NAME, ROM_FILE, RAM_FILE = "irom", "cpu0_irom.vhx", "cpu0_iram.vhx"
"""Of the CHERIoT-SAFE simulator: what files for the ROM have in their names, and the two files of a folder."""


@dataclass(frozen=True)
class Program:
    """What to load and where to start. `segments` are (address, bytes), zero-filled parts included.

    `tags` are the addresses of 8-byte lines that hold capabilities; `architecture` is what an ELF file was compiled
    for, as far as it says so.
    """

    name: str
    entry: int
    segments: tuple[tuple[int, bytes], ...]
    symbols: Mapping[str, int] = field(default_factory=dict)
    tags: frozenset[int] = frozenset()
    architecture: str = ""

    def boots(self, config: SocConfig) -> bool:
        """Whether it brings its own boot ROM."""
        return config.rom is not None and any(address in config.rom for address, _ in self.segments)


def load_program(path: Path, config: SocConfig, base: int | None = None) -> Program:
    """Read one image for a system; see `load_images`."""
    return load_images([path], config, base)


def load_images(paths: Sequence[Path], config: SocConfig, base: int | None = None) -> Program:
    """Read images for a system, and join them: ELF files, Intel hex, Verilog hex, or else flat binaries.

    A flat binary goes to `base` (default: the system's entry) and starts there. Verilog hex goes to `base`, too
    (default: the start of RAM), or into the ROM if its name says so. A folder stands for the ROM and RAM files of the
    CHERIoT-SAFE simulator in it. A program with a ROM of its own starts in that.

    Raises UserError, one line, for a file that cannot be read, is damaged, is for another machine, needs what the
    core does not have, or does not fit the memory map.
    """
    files = [file for path in paths for file in _files(path)]
    parts = [_load(file, config, base) for file in files]
    program = Program(
        name=", ".join(map(str, paths)),
        entry=parts[0].entry,
        segments=tuple(segment for part in parts for segment in part.segments),
        symbols={name: address for part in parts for name, address in part.symbols.items()},
        tags=frozenset(tag for part in parts for tag in part.tags),
        architecture=next((part.architecture for part in parts if part.architecture), ""),
    )
    if program.boots(config):
        program = replace(program, entry=config.core.boot_address)
    check_fits(program, config)
    return program


def fitting_profile(paths: Sequence[Path], base: int | None = None) -> SocConfig:
    """The first of the profiles, without and with their options, that can run the images. Raises UserError."""
    refusals = []
    for name in PROFILES:
        for option in ("", *OPTIONS):
            config = profile(f"{name}+{option}" if option else name)
            try:
                load_images(paths, config, base)
            except UserError as error:
                refusals.append(error)
            else:
                return config
    raise refusals[0]


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    for folder in (path, path / "firmware"):
        pair = [folder / ROM_FILE, folder / RAM_FILE]
        if all(file.exists() for file in pair):
            return pair
    raise UserError(f"{path}: a folder without {ROM_FILE} and {RAM_FILE}; name an image file")


def _load(path: Path, config: SocConfig, base: int | None) -> Program:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot read it: {error.strerror}") from None
    if is_elf(data):
        if base is not None:
            raise UserError(f"{path}: an ELF file has its own addresses; leave out --base")
        elf = read_elf(data, str(path))
        check_architecture(path, elf.architecture, config)
        segments = tuple((part.address, part.data.ljust(part.size, b"\0")) for part in elf.segments)
        symbols = {symbol.name: symbol.address for symbol in elf.symbols}
        return Program(str(path), elf.entry, segments, symbols, architecture=elf.architecture)
    if not data:
        raise UserError(f"{path}: empty")
    if is_intel_hex(path, data):
        if base is not None:
            raise UserError(f"{path}: Intel hex has its own addresses; leave out --base")
        return _program(path, read_intel_hex(data, str(path)), config.entry)
    if is_verilog_hex(path, data):
        start = config.ram.base if base is None else base
        if ROM_NAME in path.name:
            if config.rom is None:
                raise UserError(f"{path}: a ROM image, but profile {config.name} has no boot ROM")
            start = config.rom.base
        contents = read_verilog_hex(data, str(path), start, lambda address: _memory_at(config, address) is not None)
        return _program(path, contents, config.entry if base is None else base)
    start = config.entry if base is None else base
    return Program(str(path), start, ((start, data),))


def _program(path: Path, contents: Contents, entry: int) -> Program:
    segments = tuple((address, bytes(data)) for address, data in contents.pieces)
    start = entry if contents.entry is None else contents.entry
    return Program(str(path), start, segments, tags=frozenset(contents.tags))


def linked_program(name: str, image: Image) -> Program:
    """A program that the toolchain has just linked."""
    segments = tuple((part.address, part.data.ljust(part.size, b"\0")) for part in image.segments())
    return Program(name, image.entry, segments, {symbol.name: symbol.address for symbol in image.symbols})


def _memories(config: SocConfig) -> dict[str, Region]:
    """Where images may go."""
    return {name: region for name, region in config.map().items() if name in ("ram", "rom", "data_ram")}


def _memory_at(config: SocConfig, address: int) -> Region | None:
    return next((region for region in _memories(config).values() if address in region), None)


def check_fits(program: Program, config: SocConfig) -> None:
    """Raise UserError unless every byte lies in memory, and the entry in what was loaded and can be started."""
    for address, data in program.segments:
        region = _memory_at(config, address)
        if region is None or address + len(data) > region.end:
            places = ", ".join(f"{name} at {r.base:#x}..{r.end:#x}" for name, r in _memories(config).items())
            raise UserError(
                f"{program.name}: {len(data)} bytes for {address:#x}..{address + len(data):#x} do not fit the memory"
                f" map of profile {config.name} ({places}); link it for this profile, or choose another --profile"
            )
    ordered = sorted((address, address + len(data)) for address, data in program.segments)
    for (start, end), (other, last) in itertools.pairwise(ordered):
        if end > other:
            raise UserError(f"{program.name}: overlapping segments: {start:#x}..{end:#x} and {other:#x}..{last:#x}")
    if program.entry % 2:
        raise UserError(f"{program.name}: misaligned entry {program.entry:#x}: instructions start at even addresses")
    if not any(address <= program.entry < address + len(data) for address, data in program.segments):
        raise UserError(f"{program.name}: its entry {program.entry:#x} lies outside of what it loads")
    if config.rom is None and program.entry != config.core.boot_address:
        raise UserError(
            f"{program.name}: its entry is {program.entry:#x}, but profile {config.name} starts at"
            f" {config.core.boot_address:#x} and has no boot ROM to jump"
        )


def extensions(architecture: str) -> set[str]:
    """The extensions that an architecture string such as `rv32e2p0_m2p0_zmmul1p0_xcheriot1p0` names."""
    first, *others = re.sub(r"^rv32", "", architecture.lower()).split("_")
    letters = re.sub(r"\d+p\d+|\d+", "", first)
    found = set("".join(BASE_LETTERS.get(letter, letter) for letter in letters))
    found |= {re.sub(r"(\d+p\d+)$", "", name) for name in others}
    return {PARTS.get(name, name) for name in found if name}


def check_architecture(path: Path, architecture: str, config: SocConfig) -> None:
    """Refuse an image whose attributes ask for instructions that the core lacks."""
    lacking = missing(architecture, config)
    if lacking:
        better = [name for name, add in OPTIONS.items() if not missing(architecture, add(config))]
        mend = f"choose --profile {config.name}+{better[0]}, or compile" if better else "compile"
        raise UserError(
            f"{path}: compiled for {architecture}; the core of profile {config.name} has no {', '.join(lacking)}"
            f" ({mend} for the plain cheriot CPU)"
        )


def missing(architecture: str, config: SocConfig) -> list[str]:
    """Extensions that an architecture string names and the core has not. RV32E is a part of RV32I."""
    have = {name.lower() for name in config.core.extensions} | {"e"} | ({"b"} if config.core.misa & MISA_B else set())
    return sorted(extensions(architecture) - have) if architecture else []
