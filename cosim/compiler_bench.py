"""Instructions of the compiler benchmarks beside those of gcc for plain rv32emc, where it is installed."""

from math import prod

from cosim.errors import UserError
from cosim.toolchain.cc.measure import BENCHMARKS, gcc, ours, theirs


def compare_compilers(names: list[str], level: str = "-Os") -> None:
    """Print the table. Raises UserError for a name that is not known and for results that differ."""
    known = {path.stem: path for path in sorted(BENCHMARKS.glob("*.c"))}
    for name in names:
        if name not in known:
            raise UserError(f"no compiler benchmark {name}; there are: {' '.join(known)}")
    compare = gcc() is not None
    if not compare:
        print("no gcc for RISC-V to compare with (Debian, Ubuntu: apt-get install gcc-riscv64-unknown-elf)")
    print(f"{'benchmark':10} {'ours':>9}" + (f" {'gcc ' + level:>9} {'ratio':>6}" if compare else ""))
    ratios = []
    for name in names or known:
        mine = ours(known[name])
        if not compare:
            print(f"{name:10} {mine.instructions:>9}", flush=True)
            continue
        other = theirs(known[name], level)
        if mine.result != other.result:
            raise UserError(f"{name}: ours returns {mine.result}, gcc's {other.result}", code=1)
        ratios.append(mine.instructions / other.instructions)
        print(f"{name:10} {mine.instructions:>9} {other.instructions:>9} {ratios[-1]:>6.2f}", flush=True)
    if ratios:
        print(f"geometric mean {prod(ratios) ** (1 / len(ratios)):.2f}")
