"""Build a system of compartments with the RTOS: image, linker map, listing and audit report.

SYSTEM is a TOML file (sources, threads, authority; docs in the guide) or a scenario (SC-20).
"""

import argparse
import json
import sys
from pathlib import Path

from cosim.errors import UserError
from cosim.toolchain.steps.program import firmware
from cosim.toolchain.system.build import System
from cosim.toolchain.system.description import read_system
from rtl.config import ConfigError, profile
from rtos_model.services.scenario import catalogue

REPORT = ".json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("system", metavar="SYSTEM", help="a TOML file, or a scenario's identifier")
    parser.add_argument("-o", "--output", type=Path, help="the image to write (default: the system's name with .elf)")
    parser.add_argument("--profile", default="safe", help="the machine, for a scenario (a TOML file names its own)")
    parser.add_argument("--listing", action="store_true", help="write a disassembly with sources beside it (.dis)")
    parser.add_argument("--map", action="store_true", help="write the linker's map beside it (.map)")


def run(args: argparse.Namespace) -> int:
    path = Path(args.system)
    if path.suffix == ".toml":
        system = read_system(path).build()
        default = path.with_suffix(".elf")
    else:
        system = _scenario(args.system, args.profile)
        default = Path(f"{args.system}.elf")
    for text in system.warnings:
        print(text, file=sys.stderr)
    output = args.output or default
    _write(output, system.elf)
    _write(output.with_suffix(REPORT), (json.dumps(system.report(output.name), indent=2) + "\n").encode())
    if args.listing:
        _write(output.with_suffix(".dis"), _lines(system.listing()))
    if args.map:
        _write(output.with_suffix(".map"), _lines(system.map()))
    print("\n".join(summary(system)))
    print(f"{output} written, audit report in {output.with_suffix(REPORT)}")
    return 0


def _scenario(name: str, machine: str) -> System:
    known = catalogue()
    if name not in known:
        raise UserError(f"{name}: neither a TOML file nor a scenario; see cheriot scenarios")
    try:
        config = profile(machine)
    except ConfigError as error:
        raise UserError(str(error)) from None
    return firmware(known[name], config)[0]


def summary(system: System) -> list[str]:
    """Bytes of code and globals by unit, then what is left."""
    places = system.places
    width = max(len(name) for name in places.code)
    lines = [f"{'unit':{width}} {'code':>7} {'globals':>7}"]
    for name, (_, size) in places.code.items():
        lines.append(f"{name:{width}} {size:7} {places.data.get(name, (0, 0))[1]:7}")
    stacks = sum(size for _, size in (*places.stacks.values(), *places.trusted_stacks.values()))
    ram = system.config.ram
    lines.append(f"stacks {stacks}, heap {places.heap[1]} from {places.heap[0]:#x}, free {ram.end - sum(places.heap)}")
    return lines


def _lines(lines) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise UserError(f"{path}: cannot write it: {error.strerror}") from None
