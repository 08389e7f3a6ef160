"""Instructions of compiled benchmarks beside those of gcc for plain rv32emc, if it is installed; and compile time."""

import tempfile
from math import prod
from pathlib import Path
from time import process_time

from cosim.errors import UserError
from cosim.toolchain.cc.compiler import compile_file
from cosim.toolchain.cc.driver import INCLUDE
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


UNIT = """static int f{n}(int count, const unsigned char *data, int *sums)
{{
    int total = 0;
    for (int i = 0; i < count; i++) {{
        if (data[i] > {n} && sums[i & 3] != 4)
            total += data[i] * 3 + sums[i & 3];
        else
            total -= data[i] << 2;
        switch (total & 3) {{
        case 0:
            total++;
            break;
        case 1:
            sums[1] += total;
            break;
        }}
    }}
    return total + {n};
}}
int g{n}(int a, const unsigned char *b, int *c) {{ return f{n}(a, b, c) * a; }}
"""
FUNCTIONS, ROUNDS = 50, 3


def compile_time() -> tuple[int, float]:
    """Lines of a unit of ordinary functions, and the processor seconds that compiling it takes (the best of three)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "unit.c"
        path.write_text("".join(UNIT.format(n=n) for n in range(FUNCTIONS)))
        lines = len(path.read_text().splitlines())

        def once() -> float:
            start = process_time()
            compile_file(path, [INCLUDE])
            return process_time() - start

        return lines, min(once() for _ in range(ROUNDS))
