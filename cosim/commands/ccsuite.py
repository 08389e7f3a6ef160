"""Compile and run a public C suite that you have fetched: c-testsuite or EEMBC CoreMark."""

import argparse
from collections import Counter
from contextlib import nullcontext
from pathlib import Path

from cosim.build import SIM_BUILD
from cosim.c_on_rtl import OnRtl
from cosim.c_suites import is_coremark, run_coremark, run_suite
from cosim.errors import UserError
from cosim.progress import Progress
from cosim.toolchain.cc.execute import on_model

FOLDER = SIM_BUILD / "runs" / "ccsuite"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="CoreMark's folder, or one with NAME.c and NAME.c.expected files")
    parser.add_argument("--rtl", action="store_true", help="run on the RTL in lockstep (default: golden machine)")
    parser.add_argument("--iterations", type=int, default=1, help="of CoreMark (default: 1)")


def run(args: argparse.Namespace) -> int:
    if not args.folder.is_dir():
        raise UserError(f"{args.folder}: no such folder; fetch the suite and name where it is")
    with OnRtl(FOLDER) if args.rtl else nullcontext(on_model) as execute:
        if is_coremark(args.folder):
            return _coremark(args, execute)
        return _suite(args, execute)


def _coremark(args: argparse.Namespace, execute) -> int:
    report, ticks, instructions = run_coremark(args.folder, execute, args.iterations)
    print(report.rstrip())
    each = ticks / args.iterations
    if args.rtl:
        print(f"{each:,.0f} cycles an iteration, {1e6 / each:.2f} iterations a second at 1 MHz, every one checked")
    else:
        print(f"{each:,.0f} instructions an iteration")
    print(f"{instructions:,} instructions in all")
    return 0


def _suite(args: argparse.Namespace, execute) -> int:
    count, progress = Counter(), Progress()
    for result in run_suite(args.folder, execute):
        count[result.verdict] += 1
        progress.clear()
        if result.verdict != "passed":
            print(f"{result.name}: {result.verdict}: {result.why.splitlines()[0]}", flush=True)
    print(
        f"{count.total()} programs: {count['passed']} passed, {count['outside']} outside the subset and told so,"
        f" {count['failed']} failed"
    )
    return 1 if count["failed"] else 0
