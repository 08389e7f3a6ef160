"""Compare random C programs with the host's compiler, and cut down those that differ."""

import argparse
import time
from pathlib import Path

from cosim.errors import UserError
from cosim.stimulus.differential import check, host_compiler, smallest

FOLDER = Path("sim_build/fuzzcc")
REPORT_SECONDS = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-n", "--programs", type=int, default=5000, help="how many (default: 5000)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first; the others follow (default: 0)")
    parser.add_argument("--size", type=int, default=30, help="statements in main, about (default: 30)")
    parser.add_argument("--no-shrink", action="store_true", help="do not cut failing programs down")


def run(args: argparse.Namespace) -> int:
    if host_compiler() is None:
        raise UserError("no host C compiler (gcc or cc) to compare with; install one")
    failed, started, told = [], time.monotonic(), time.monotonic()
    for seed in range(args.seed, args.seed + args.programs):
        difference = check(seed, args.size)
        if difference is not None:
            failed.append(seed)
            _report(seed, args, difference)
        if time.monotonic() - told > REPORT_SECONDS:
            told = time.monotonic()
            done = seed - args.seed + 1
            print(
                f"{done} of {args.programs} programs, {len(failed)} differ, {done / (told - started):.1f}/s", flush=True
            )
    print(f"{args.programs} programs from seed {args.seed} on, size {args.size}: {len(failed)} differ {failed or ''}")
    return 1 if failed else 0


def _report(seed: int, args: argparse.Namespace, difference) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"seed-{seed}.c"
    path.write_text(difference.source)
    print(f"seed {seed} differs: {path}; repeat: cheriot fuzzcc -n 1 --seed {seed} --size {args.size}", flush=True)
    if not args.no_shrink:
        small = FOLDER / f"seed-{seed}-small.c"
        small.write_text(smallest(difference))
        print(f"  cut down: {small}", flush=True)
