"""Compare random C programs with the host's compiler, and cut down those that differ."""

import argparse
import time
from contextlib import nullcontext
from pathlib import Path

from cosim.c_on_rtl import Disagreement, OnRtl
from cosim.errors import UserError
from cosim.run import CODES, Verdict
from cosim.stimulus.differential import check, host_compiler, smallest
from cosim.toolchain.cc.execute import on_model

FOLDER = Path("sim_build/fuzzcc")
REPORT_SECONDS = 10
MISMATCH = CODES[Verdict.MISMATCH]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-n", "--programs", type=int, default=5000, help="how many (default: 5000)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first; the others follow (default: 0)")
    parser.add_argument("--size", type=int, default=30, help="statements in main, about (default: 30)")
    parser.add_argument("--rtl", action="store_true", help="run on the RTL in lockstep (default: golden machine)")
    parser.add_argument("--no-shrink", action="store_true", help="do not cut failing programs down")


def run(args: argparse.Namespace) -> int:
    if host_compiler() is None:
        raise UserError("no host C compiler (gcc or cc) to compare with; install one")
    failed, started, told = [], time.monotonic(), time.monotonic()
    with OnRtl(FOLDER) if args.rtl else nullcontext(on_model) as execute:
        for seed in range(args.seed, args.seed + args.programs):
            try:
                difference = check(seed, args.size, execute)
            except Disagreement as error:
                raise UserError(f"{error}\nrepeat: {_repeat(seed, args)}", code=MISMATCH) from None
            if difference is not None:
                failed.append(seed)
                _report(seed, args, difference)
            if time.monotonic() - told > REPORT_SECONDS:
                told = time.monotonic()
                done = seed - args.seed + 1
                rate = done / (told - started)
                print(f"{done} of {args.programs} programs, {len(failed)} differ, {rate:.1f}/s", flush=True)
    where = "RTL in lockstep" if args.rtl else "golden machine"
    print(
        f"{args.programs} programs from seed {args.seed} on, size {args.size}, {where}: {len(failed)} differ"
        f" {failed or ''}".rstrip()
    )
    return 1 if failed else 0


def _repeat(seed: int, args: argparse.Namespace) -> str:
    return f"cheriot fuzzcc -n 1 --seed {seed} --size {args.size}" + (" --rtl" if args.rtl else "")


def _report(seed: int, args: argparse.Namespace, difference) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"seed-{seed}.c"
    path.write_text(difference.source)
    print(f"seed {seed} differs: {path}; repeat: {_repeat(seed, args)}", flush=True)
    if not args.no_shrink:
        small = FOLDER / f"seed-{seed}-small.c"
        small.write_text(smallest(difference))
        print(f"  cut down: {small}", flush=True)
