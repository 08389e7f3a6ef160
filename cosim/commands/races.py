"""Copies of a freed pointer race the background revoker: random schedules on the core, in lockstep."""

import argparse
import sys
import time

from cosim.build import SIM_BUILD
from cosim.errors import UserError
from cosim.faults.planting import FAULTS, number_of
from cosim.progress import say
from cosim.races import Total, campaign
from cosim.simulator import Simulator
from cosim.soc_design import build_soc
from rtl.config import PROFILE_USAGE, complete, profile

SCHEDULES = 10_000
FAILED = 250


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--schedules", type=int, default=SCHEDULES, metavar="N", help=f"how many (default: {SCHEDULES:,})"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the first ten; the others count up (default: 0)")
    parser.add_argument("--profile", default="safe", help=f"the system: {PROFILE_USAGE} (default: safe)")
    parser.add_argument("--no-check", action="store_true", help="rely on what the programs find out by themselves")
    names = ", ".join(fault.name for fault in FAULTS)
    parser.add_argument("--break", dest="fault", metavar="NAME", help=f"on a core with this fault: {names}")


def run(args: argparse.Namespace) -> int:
    """0 if every copy died in time, 250 if not."""
    config = profile(args.profile)
    if args.schedules < 1:
        raise UserError("--schedules must be at least 1")
    if config.revoker is None:
        raise UserError(f"profile {config.name} has no background revoker; choose another --profile")
    fault = number_of(args.fault) if args.fault else 0
    if fault:
        config = complete(config)
    started = time.monotonic()
    with Simulator(build_soc(config, faults=bool(fault), progress=say), SIM_BUILD / "runs" / "races") as simulator:
        total, failure = campaign(
            simulator, config, args.schedules, args.seed, show, check=not args.no_check, fault=fault
        )
    show(None)
    if failure:
        print(failure)
    print(f"{total}, {time.monotonic() - started:.0f} s: {'FAILED' if failure else 'every copy died in time'}")
    return FAILED if failure else 0


def show(total: Total | None) -> None:
    """A line that the next one replaces, if there is someone to read it."""
    if sys.stderr.isatty():
        print(f"\r\033[K{total.schedules:,} schedules" if total else "\r\033[K", end="", file=sys.stderr, flush=True)
