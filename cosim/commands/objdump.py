"""Disassemble the code of an ELF file or of a flat binary."""

import argparse
from pathlib import Path

from cosim.commands.asm import number
from cosim.errors import UserError
from cosim.toolchain.elf_reader import ElfFile, is_elf, read_elf
from cosim.toolchain.image import Segment
from cosim.toolchain.listing import disassembly


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--base", type=number, help="address of the first byte, for a flat binary")


def run(args: argparse.Namespace) -> int:
    try:
        data = args.file.read_bytes()
    except OSError as error:
        raise UserError(f"{args.file}: cannot read it: {error.strerror}") from None
    if args.base is not None and not is_elf(data):
        elf = ElfFile(args.base, [Segment(args.base, data, len(data), "rx")], [], [], "")
    else:
        elf = read_elf(data, str(args.file))
    for line in disassembly(elf):
        print(line)
    return 0
