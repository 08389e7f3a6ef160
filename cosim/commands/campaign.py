"""Random systems: threads that call the services in any order, on the core and on the golden services, event by event.

A disagreement is made small, shown and saved under sim_build/campaign; --replay runs it again. Needs hypothesis.
"""

import argparse
import random
import time
from contextlib import ExitStack
from pathlib import Path

from cosim.errors import UserError

DISAGREED = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--examples", type=int, default=50, help="systems to draw (default: 50)")
    parser.add_argument("--seed", type=int, help="the seed of another run, to repeat it")
    parser.add_argument("--machine", action="store_true", help="on the golden machine alone, no simulation")
    parser.add_argument("--interrupts", action="store_true", help="on the core: interrupts at random instants, too")
    parser.add_argument("--no-shrink", dest="shrink", action="store_false", help="show the first disagreement as it is")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="run a saved system instead of drawing")


def run(args: argparse.Namespace) -> int:
    """0 if all agree."""
    try:
        from cosim import service_campaign
    except ImportError as error:
        raise UserError(f"this needs {error.name}: pip install -e .[dev]") from None
    from cosim.check import PASS, Check
    from cosim.simulator import OnDemand, Simulator
    from cosim.soc_design import build_soc
    from cosim.toolchain.steps.program import firmware
    from rtl.config import SAFE

    if args.interrupts and args.machine:
        raise UserError("--interrupts come from the simulation's lines, which --machine does without; choose one")
    if args.examples < 1:
        raise UserError(f"--examples {args.examples}: at least 1")
    start = random.SystemRandom().randrange(1 << 32) if args.seed is None else args.seed
    began = time.monotonic()
    with ExitStack() as stack:
        folder = service_campaign.FOLDER
        simulator = stack.enter_context(OnDemand(lambda: Simulator(build_soc(SAFE, progress=print), folder)))
        check = Check(firmware, None if args.machine else simulator)
        if args.replay:
            found = service_campaign.attempt(check, service_campaign.load(args.replay), interrupts=args.interrupts)
            print("\n".join([f"{args.replay}: {found.verdict}, {found.events} events", *found.text]))
            return 0 if found.verdict == PASS else DISAGREED
        print(f"seed {start}")
        count = events = 0

        def progress(number, found) -> None:
            nonlocal count, events
            count, events = number, events + found.events
            print(f"\r{number:5} systems, {events:,} events", end="", flush=True)

        finding = service_campaign.campaign(
            check, args.examples, start, progress, shrink=args.shrink, interrupts=args.interrupts
        )
        print()
    if finding is None:
        print(f"{count} random systems agree, {events:,} events compared ({time.monotonic() - began:.1f} s)")
        return 0
    path = service_campaign.save(finding, start)
    print("\n".join(finding.checked.text))
    for name, thread in finding.data.items():
        print(f"thread {name}, priority {thread['priority']}:")
        print("".join(f"    {step}\n" for step in service_campaign.steps(thread)), end="")
    options = " --machine" * args.machine + " --interrupts" * args.interrupts
    print(f"repeat with: cheriot campaign --replay {path}{options}")
    return DISAGREED
