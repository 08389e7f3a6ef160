"""Write a system as synthesizable Verilog, with a summary of its parameters."""

import argparse
import json
import sys
from pathlib import Path

from amaranth.hdl import Shape
from amaranth.lib.wiring import Component, Out

from cosim.errors import UserError
from cosim.toolchain.bootrom import boot_rom
from rtl.config import PROFILE_USAGE, SocConfig, profile
from rtl.soc.soc import Soc
from rtl.verilog import to_verilog


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--profile", default="safe", help=f"the system: {PROFILE_USAGE} (default: safe)")
    parser.add_argument("-o", "--output", type=Path, default=Path(), metavar="DIR", help="folder (default: this one)")
    parser.add_argument("--trace", action="store_true", help="with the commit port: a record per retired instruction")


def run(args: argparse.Namespace) -> int:
    config = profile(args.profile, trace=args.trace)
    name = module_name(config)
    try:
        args.output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{args.output}: cannot make this folder: {error.strerror}") from None
    soc = Soc(config, boot_rom(config) if config.rom else b"")
    facts = summary(config, soc)
    print(f"elaborating profile {config.name} ...", file=sys.stderr)
    for path, text in (
        (args.output / f"{name}.v", to_verilog(soc, name)),
        (args.output / f"{name}.json", json.dumps(facts, indent=2) + "\n"),
    ):
        try:
            path.write_text(text)
        except OSError as error:
            raise UserError(f"{path}: cannot write: {error.strerror}") from None
        print(path)
    print(as_text(facts))
    return 0


def module_name(config: SocConfig) -> str:
    """Name of the Verilog module, and of its files."""
    return f"cheriot_{config.name.replace('+', '_')}"


def summary(config: SocConfig, component: Component) -> dict:
    """What was generated, as plain data: choices, address map (numbers as hexadecimal text), ports."""
    ports = [{"name": name, "direction": "input", "width": 1} for name in ("clk", "rst")]
    for path, member, _ in component.signature.flatten(component):
        direction = "output" if member.flow == Out else "input"
        ports.append({"name": "__".join(map(str, path)), "direction": direction, "width": _width(member.shape)})
    return {
        "module": module_name(config),
        "profile": config.name,
        "clock_hz": config.clock_hz,
        "extensions": list(config.core.extensions),
        "stack_zeroiser": config.core.zeroiser,
        "commit_port": config.core.trace,
        "boot_address": hex(config.core.boot_address),
        "entry": hex(config.entry),
        "revocable_memory": {"base": hex(config.heap.base), "size": hex(config.heap.size)},
        "timer": None if config.timer is None else vars(config.timer) | {"base": hex(config.timer.base)},
        "map": {
            name: {"base": hex(region.base), "size": hex(region.size)} for name, region in config.map().items()
        },
        "ports": ports,
    }


def _width(shape) -> int:
    return Shape.cast(shape).width


def as_text(facts: dict) -> str:
    """The summary for people: one line per fact."""
    lines = [
        f"module {facts['module']}, profile {facts['profile']}, {'_'.join(facts['extensions'])}"
        + (", with a stack zeroiser" if facts["stack_zeroiser"] else ""),
        f"starts at {facts['boot_address']}, software at {facts['entry']}",
    ]
    for name, region in facts["map"].items():
        base, size = int(region["base"], 0), int(region["size"], 0)
        lines.append(f"  {base:#010x}..{base + size - 1:#010x}  {name:<9}{_amount(size):>9}")
    for port in facts["ports"]:
        lines.append(f"  {port['direction']:<6} {port['width']:>4}  {port['name']}")
    return "\n".join(lines)


def _amount(size: int) -> str:
    return f"{size // 1024} KiB" if size >= 1024 and size % 1024 == 0 else f"{size} bytes"
