"""Count the instructions of the compiler benchmarks, beside gcc for plain rv32emc where it is installed."""

import argparse
from math import prod

from cosim.errors import UserError
from cosim.toolchain.cc.measure import BENCHMARKS, gcc, ours, theirs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="BENCHMARK", help="which (default: all)")
    parser.add_argument("--level", default="-Os", help="gcc's optimisation level (default: -Os)")


def run(args: argparse.Namespace) -> int:
    known = sorted(BENCHMARKS.glob("*.c"))
    chosen = [path for path in known if not args.names or path.stem in args.names]
    for name in args.names:
        if name not in [path.stem for path in known]:
            raise UserError(f"no benchmark {name}; there are: {' '.join(path.stem for path in known)}")
    compare = gcc() is not None
    print(f"{'benchmark':10} {'ours':>9} {'gcc ' + args.level if compare else '':>9} {'ratio' if compare else '':>6}")
    ratios = []
    for path in chosen:
        mine = ours(path)
        if not compare:
            print(f"{path.stem:10} {mine.instructions:>9}")
            continue
        other = theirs(path, args.level)
        if mine.result != other.result:
            raise UserError(f"{path.stem}: ours returns {mine.result}, gcc's {other.result}", code=1)
        ratios.append(mine.instructions / other.instructions)
        print(f"{path.stem:10} {mine.instructions:>9} {other.instructions:>9} {ratios[-1]:>6.2f}", flush=True)
    if ratios:
        print(f"geometric mean {prod(ratios) ** (1 / len(ratios)):.2f}")
    return 0
