"""Time the benchmark kernels, beside other cores, and the revoker; --rtos, --sim, --compiler: something else."""

import argparse
from pathlib import Path

from cosim import revoker_bench
from cosim.build import SIM_BUILD
from cosim.compiler_bench import compare_compilers, compile_time
from cosim.errors import UserError
from cosim.image import linked_program, load_program
from cosim.kernels import FAILED, kernels, measured, table
from cosim.progress import Progress, say
from cosim.rtos_costs import measured_costs
from cosim.run import RunResult, Verdict, Watch, run_model, run_rtl
from cosim.simulator import Simulator
from cosim.soc_design import build_soc
from cosim.toolchain.program import FIRMWARE, build_program
from rtl.config import profile

MAX_CYCLES = 20_000_000
SPEED_CYCLES = 1_000_000
RUNS = SIM_BUILD / "runs" / "bench"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    images = "flat images for 0x80000000 that mark their region as the kernels do (default: the kernels)"
    parser.add_argument("images", nargs="*", metavar="IMAGE", help=images)
    parser.add_argument("--sim", action="store_true", help="measure simulated cycles per second, checked and unchecked")
    parser.add_argument(
        "--compiler", action="store_true", help="count instructions of compiled C beside gcc's (IMAGE: program names)"
    )
    parser.add_argument("--rtos", action="store_true", help="measure what services of the RTOS cost")
    parser.add_argument("--cycles", type=int, default=SPEED_CYCLES, metavar="N", help="length of the --sim runs")


def run(args: argparse.Namespace) -> int:
    if args.compiler:
        compare_compilers(args.images)
        lines, seconds = compile_time()
        print(f"compile time   {1000 * seconds / lines:.2f} s for 1,000 lines ({lines:,} lines in {seconds:.2f} s)")
        return 0
    if args.rtos:
        progress = Progress()
        text = measured_costs(RUNS, say, progress.update)
        progress.clear()
        print(text)
        return 0
    if args.sim:
        return measure_speed(args.cycles)
    failed = measure_kernels([Path(image) for image in args.images])
    return failed if args.images else max(failed, measure_revoker())


def measure_kernels(paths: list[Path]) -> int:
    """1 if a program fails, or a known kernel's checksum or instruction count is wrong."""
    config = profile("bench")
    programs = [load_program(path, config) for path in paths] or kernels(config)
    build = build_soc(config, progress=say)
    progress = Progress()
    rows = []
    with Simulator(build, RUNS) as simulator:
        for program in programs:
            result = run_rtl(simulator, config, program, max_cycles=MAX_CYCLES, watch=Watch(progress=progress.update))
            progress.clear()
            rows.append(measured(program, result))
    print(table(rows))
    complaints = [row.complaint() for row in rows if row.complaint()]
    print(*complaints, sep="\n", end="\n" if complaints else "")
    return FAILED if complaints else 0


def measure_revoker() -> int:
    """1 if a sweep takes longer, or costs the core more, than it may."""
    config = profile("safe")
    with Simulator(build_soc(config, progress=say), RUNS) as simulator:
        found = revoker_bench.costs(simulator, config)
    print(revoker_bench.table(found))
    return 0 if all(cost.kept for cost in found) else FAILED


def measure_speed(cycles: int) -> int:
    """Simulated cycles per second on the system `safe`, of a program that never ends."""
    config = profile("safe")
    program = linked_program("mix", build_program([FIRMWARE / "speed" / "mix.S"], config))
    build = build_soc(config, progress=say)
    progress = Progress()

    def timed(check: bool) -> RunResult:
        watch = Watch(progress=progress.update)
        with Simulator(build, RUNS) as simulator:
            result = run_rtl(simulator, config, program, check=check, max_cycles=cycles, watch=watch)
        progress.clear()
        if result.verdict is not Verdict.TIMEOUT or (check and result.checked != result.instructions):
            raise UserError(f"{program.name}: {result.verdict.value} after {result.cycles} cycles", code=FAILED)
        return result

    free, checked = timed(check=False), timed(check=True)
    model = run_model(config, program, max_cycles=cycles)
    plain, full = (result.cycles / result.seconds for result in (free, checked))
    ipc = checked.instructions / checked.cycles
    print(f"profile {config.name}, {cycles:,} cycles, {ipc:.2f} instructions per cycle")
    print(f"nothing checked            {plain:>12,.0f} cycles/s")
    print(f"every instruction checked  {full:>12,.0f} cycles/s, {full / plain:.0%} of that")
    print(f"golden machine alone       {model.instructions / model.seconds:>12,.0f} instructions/s")
    return 0
