"""Assemble and link CHERIoT assembly sources into an ELF file or a flat binary."""

import argparse
from pathlib import Path

from cosim.errors import UserError
from cosim.toolchain.elf import write_elf
from cosim.toolchain.elf_reader import read_elf
from cosim.toolchain.listing import disassembly, link_map
from cosim.toolchain.program import build_program
from rtl.config import PROFILES, profile


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sources", nargs="+", type=Path, metavar="FILE.S")
    parser.add_argument("-o", "--output", type=Path, help="the file to write (default: first source with .elf or .bin)")
    parser.add_argument("-I", "--include", type=Path, action="append", default=[], help="folder to look for includes")
    parser.add_argument("-D", "--define", action="append", default=[], metavar="NAME=VALUE", help="define a symbol")
    parser.add_argument("--profile", default="safe", help=f"memory map: {', '.join(PROFILES)} (default: safe)")
    parser.add_argument("--base", type=number, help="address of the first byte (default: the profile's entry)")
    parser.add_argument("--entry", default="_start", help="symbol to start at (default: _start)")
    parser.add_argument("--flat", action="store_true", help="write the bare memory contents instead of an ELF file")
    parser.add_argument("--listing", action="store_true", help="write a disassembly with sources beside it (.dis)")
    parser.add_argument("--map", action="store_true", help="write the linker's map beside it (.map)")


def number(text: str) -> int:
    """An address on the command line, decimal or 0x..."""
    return int(text, 0)


def _definition(text: str) -> tuple[str, int]:
    name, _, value = text.partition("=")
    try:
        return name, number(value or "1")
    except ValueError:
        raise UserError(f"--define {text}: the value must be a number") from None


def run(args: argparse.Namespace) -> int:
    config = profile(args.profile)
    image = build_program(
        args.sources,
        config,
        base=args.base,
        entry=args.entry,
        include_paths=tuple(args.include),
        constants=dict(_definition(text) for text in args.define),
    )
    output = args.output or args.sources[0].with_suffix(".bin" if args.flat else ".elf")
    elf = write_elf(image)
    _write(output, image.flat() if args.flat else elf)
    if args.listing:
        _write(output.with_suffix(".dis"), _text(disassembly(read_elf(elf, str(output)), image)))
    if args.map:
        _write(output.with_suffix(".map"), _text(link_map(image)))
    return 0


def _text(lines) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise UserError(f"{path}: cannot write it: {error.strerror}") from None
