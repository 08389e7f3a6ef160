"""The main job, or by name a demo of one guarantee: run it and check everything that can be checked.

Without a name: the message-queue firmware on the generated core, every instruction and service call checked.
With a name: one of `cheriot demo --list`, each with who did what, what held, and what the attack got.
"""

import argparse

from cosim import demos, main_demo, stage
from cosim.build import SIM_BUILD
from cosim.errors import UserError
from cosim.faults.planting import FAULTS
from cosim.stage_core import Core
from rtl.config import PROFILE_USAGE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="one of `cheriot demo --list` (default: the main job)")
    parser.add_argument("--list", action="store_true", help="list the demos that have a name")
    parser.add_argument("--model", action="store_true", help="on the golden model alone, without a simulator")
    parser.add_argument("--log", action="store_true", help="with a name: print the event log as well")
    parser.add_argument("--profile", default="safe", help=f"the system: {PROFILE_USAGE} (default: safe)")
    parser.add_argument("--no-waves", action="store_true", help="write no waves")
    names = ", ".join(fault.name for fault in FAULTS)
    parser.add_argument("--break", dest="fault", metavar="NAME", help=f"build a core with this fault: {names}")


def run(args: argparse.Namespace) -> int:
    """0 if everything held."""
    if args.list:
        for name, summary in demos.summaries().items():
            print(f"{name:15} {summary}")
        return 0
    if args.name is None:
        if args.model:
            raise UserError("the main job needs the core; --model goes with a name of `cheriot demo --list`")
        return main_demo.run(args)
    demo = demos.find(args.name)
    if hasattr(demo, "run") and (not args.model or getattr(demo, "ON_THE_MODEL", False)):
        return demo.run(args)
    if args.model:
        if not hasattr(demo, "SCENES"):
            raise UserError(f"the demo {args.name!r} runs on the core only; leave --model out")
        return stage.show(demo, stage.on_the_model, with_log=args.log)
    with Core(SIM_BUILD / "demo" / args.name, f"cheriot demo {args.name} --log") as core:
        code = stage.show(demo, core.play, with_log=args.log)
        print(core.summary() if core.cycles else "a calculation: nothing of it runs on the core")
        return code
