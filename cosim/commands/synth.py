"""Size and speed of a system, or of its core alone, on a Lattice ECP5 with the open tools."""

import argparse
import json
import sys
import time
from pathlib import Path

from cosim.synthesis import Synthesis, Timing, require_tools
from cosim.toolchain.bootrom import boot_rom
from rtl.config import PROFILE_USAGE, profile
from rtl.core.core import Core
from rtl.soc.soc import Soc

FOLDER = Path("sim_build/synth")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--profile", default="safe", help=f"the system: {PROFILE_USAGE} (default: safe)")
    parser.add_argument("--core", action="store_true", help="the core alone, without memories and devices")
    parser.add_argument("--area", action="store_true", help="count cells only: no placing and routing")
    parser.add_argument("--names", action="store_true", help="keep the units' outputs, to tell the path in their names")
    parser.add_argument("--seed", type=int, action="append", help="of the placer; may be repeated (default: 1)")


def run(args: argparse.Namespace) -> int:
    require_tools()
    config = profile(args.profile)
    if args.core:
        component = Core(config.core)
    else:
        component = Soc(config, boot_rom(config) if config.rom else b"")
    started = time.monotonic()

    def progress(text: str) -> None:
        print(f"[{time.monotonic() - started:4.0f} s] {text} ...", file=sys.stderr, flush=True)

    name = f"{config.name}-{'core' if args.core else 'soc'}"
    synthesis = Synthesis(component, FOLDER / name, progress, names=args.names)
    cells = synthesis.cells()
    print(f"{name}: " + ", ".join(f"{count} {kind}" for kind, count in cells.items()), flush=True)
    results = {"cells": cells, "mhz": {}}
    target = config.clock_hz / 1e6
    for seed in [] if args.area else args.seed or [1]:
        timing = synthesis.timing(seed=seed, target_mhz=target)
        results["mhz"][seed] = round(timing.mhz, 2)
        print(f"seed {seed}: {timing.mhz:.1f} MHz")
        print(as_text(timing), flush=True)
    summary = FOLDER / name / "result.json"
    summary.write_text(json.dumps(results, indent=2) + "\n")
    print(summary)
    return 0


def as_text(timing: Timing) -> str:
    """The critical path as a table."""
    lines = ["      ns   delay  cells  near"]
    for part in timing.path:
        lines.append(f"  {part.at:6.2f}  {part.delay:6.2f}  {part.cells:5}  {part.name}  {part.source}")
    return "\n".join(lines)
