"""Compile C (and assembly) sources into a bare-metal program."""

import argparse
import sys
from pathlib import Path

from cosim.errors import UserError
from cosim.toolchain.cc.driver import INCLUDE, RTOS_INCLUDE, build, compile_source
from cosim.toolchain.elf import write_elf
from cosim.toolchain.elf_reader import read_elf
from cosim.toolchain.listing import disassembly, link_map
from rtl.config import PROFILES, profile


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sources", nargs="+", type=Path, metavar="FILE.c")
    parser.add_argument("-o", "--output", type=Path, help="the file to write (default: first source with .elf, or .s)")
    parser.add_argument("-S", dest="assembly", action="store_true", help="stop at assembly text (one source)")
    parser.add_argument("-I", "--include", type=Path, action="append", default=[], help="folder to look for headers")
    parser.add_argument("-D", "--define", action="append", default=[], metavar="NAME[=VALUE]", help="define a macro")
    parser.add_argument("--compartment", metavar="NAME", help="compile for this compartment or library (needs -S)")
    parser.add_argument("--profile", default="safe", help=f"memory map: {', '.join(PROFILES)} (default: safe)")
    parser.add_argument("--listing", action="store_true", help="write a disassembly with sources beside it (.dis)")
    parser.add_argument("--map", action="store_true", help="write the linker's map beside it (.map)")


def run(args: argparse.Namespace) -> int:
    defines = {name: value if given else "1" for name, given, value in (d.partition("=") for d in args.define)}
    if args.assembly:
        if len(args.sources) != 1:
            raise UserError("-S takes one source; compile the others on their own")
        folders = [*args.include, *([RTOS_INCLUDE] if args.compartment else []), INCLUDE]
        unit = compile_source(args.sources[0], folders, defines, args.compartment)
        _warn(unit.warnings)
        _write(args.output or args.sources[0].with_suffix(".s"), unit.assembly.encode())
        return 0
    if args.compartment:
        raise UserError("a compartment alone is no program: add -S for its assembly, or use: cheriot build")
    program = build(args.sources, profile(args.profile), include=args.include, defines=defines)
    _warn(program.warnings)
    output = args.output or args.sources[0].with_suffix(".elf")
    elf = write_elf(program.image)
    _write(output, elf)
    if args.listing:
        _write(output.with_suffix(".dis"), _text(disassembly(read_elf(elf, str(output)), program.image)))
    if args.map:
        _write(output.with_suffix(".map"), _text(link_map(program.image)))
    return 0


def _warn(warnings: list[str]) -> None:
    for text in warnings:
        print(text, file=sys.stderr)


def _text(lines) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise UserError(f"{path}: cannot write it: {error.strerror}") from None
