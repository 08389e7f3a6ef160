"""Run random programs on the RTL in lockstep with the golden machine; what fails is made small and saved."""

import argparse
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from cosim.build import SIM_BUILD
from cosim.campaign import Checker, campaign
from cosim.errors import UserError
from cosim.progress import say
from cosim.run import CODES, Verdict
from cosim.simulator import Simulator
from cosim.soc_design import build_soc
from cosim.stimulus.generator import ITEMS, generate
from cosim.stimulus.program import Measure, measure
from rtl.config import PROFILE_USAGE, SocConfig, profile

FOLDER = SIM_BUILD / "random"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--programs", type=int, default=100, metavar="N", help="how many (default: 100)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first; the others count up (default: 0)")
    parser.add_argument("--items", type=int, default=ITEMS, help=f"pieces of each program (default: {ITEMS})")
    parser.add_argument("--profile", default="safe", help=f"the system: {PROFILE_USAGE} (default: safe)")
    waits = "slow memories: random wait states by this seed"
    parser.add_argument("--wait-states", type=int, default=0, metavar="SEED", help=waits)
    parser.add_argument("--model", action="store_true", help="run them on the golden machine alone, and measure them")
    parser.add_argument("-o", "--output", type=Path, default=FOLDER, metavar="DIR", help=f"default: {FOLDER}")


def run(args: argparse.Namespace) -> int:
    if args.programs < 1 or args.items < 1:
        raise UserError("--programs and --items must be at least 1")
    config = replace(profile(args.profile), wait_states=args.wait_states)
    seeds = range(args.seed, args.seed + args.programs)
    try:
        return measured(config, seeds, args.items) if args.model else checked(config, seeds, args)
    except ValueError as error:
        raise UserError(f"--items {args.items}: {error}") from None


def show(text: str) -> None:
    """A line that the next one replaces, if there is someone to read it."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def checked(config: SocConfig, seeds: range, args: argparse.Namespace) -> int:
    build = build_soc(config, progress=say)
    started, cycles, records, failed = time.monotonic(), 0, 0, []
    with Checker(lambda: Simulator(build, SIM_BUILD / "runs" / "random"), config) as checker:
        for seed, outcome, failure in campaign(checker, seeds, args.output, args.items):
            if outcome.result:
                cycles += outcome.result.cycles
                records += outcome.result.checked
            done = seed - seeds.start + 1
            show(f"{done} of {len(seeds)} programs, {records:,} instructions checked, {len(failed)} failed")
            if failure:
                failed.append(failure)
                show("")
                print(f"seed {seed}: {failure.failure}; {failure.items} items are left of it in {failure.source}")
                print(failure.text, flush=True)
    show("")
    seconds = time.monotonic() - started
    print(
        f"{len(seeds)} random programs, seeds {seeds.start} to {seeds.stop - 1}: {len(failed)} failed;"
        f" {cycles:,} cycles, {records:,} instructions checked, {seconds:.0f} s"
    )
    return CODES[Verdict.MISMATCH] if failed else 0


def measured(config: SocConfig, seeds: range, items: int) -> int:
    total = Measure(0, 0, Counter(), Counter(), 0, 0, 0)
    failed = []
    for seed in seeds:
        found = measure(generate(seed, config, items))
        if found.exit_code != 0:
            failed.append(seed)
        total.add(found)
        show(f"{seed - seeds.start + 1} of {len(seeds)} programs")
    show("")
    print(f"{len(seeds)} random programs, seeds {seeds.start} to {seeds.stop - 1}, on the golden machine")
    print(f"  {total.steps:,} instructions, {len(total.rows)} kinds of them, {total.interrupts:,} interrupts")
    causes = ", ".join(f"{count:,} of cause {cause}" for cause, count in sorted(total.causes.items()))
    print(f"  {total.causes.total():,} traps: {causes}")
    print(f"  {total.accesses:,} loads and stores, {total.tagged_share:.1%} through a tagged capability")
    if failed:
        print(f"  did not end with exit code 0: seeds {failed}")
    return 1 if failed else 0
