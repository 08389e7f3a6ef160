"""The main job: run the message-queue demo on the generated core and check everything that can be checked."""

import argparse
import sys
from pathlib import Path

from cosim.build import SIM_BUILD
from cosim.commands.run import conclude
from cosim.compare.calls import Call, Replay, call_of
from cosim.directed import ROUNDS, directed_program
from cosim.faults.planting import FAULTS, number_of
from cosim.image import Program, load_program
from cosim.progress import Progress, say
from cosim.run import RunResult, Verdict, Watch, run_rtl
from cosim.simulator import Simulator
from cosim.soc_design import build_soc
from cosim.stimulus.generator import generate
from cosim.toolchain.demo import demo_image
from cosim.toolchain.elf import write_elf
from cosim.trace.gtkw import write_save_file
from rtl.config import SocConfig, complete, profile

FOLDER = SIM_BUILD / "demo"
SERVICE_MISMATCH = 250
MAX_CYCLES = 1_000_000
MAX_DIRECTED_CYCLES = 50_000
RANDOM_PROGRAMS = 24
WAVE_CYCLES = 4_000
"""Cycles shown in the waves, up to the end: the trap and the use of freed memory are among them."""


def run(args: argparse.Namespace) -> int:
    """0 if the programs ended well and every instruction and every service event agreed."""
    config = profile(args.profile)
    fault = number_of(args.fault) if args.fault else 0
    if fault:  # it may be in a part that not every core has
        config = complete(config)
    FOLDER.mkdir(parents=True, exist_ok=True)
    image, waves = FOLDER / "demo.elf", FOLDER / "demo.vcd"
    image.write_bytes(write_elf(demo_image(config)))
    program = load_program(image, config)
    build = build_soc(config, faults=bool(fault), progress=say)
    if fault:
        say(f"this core has a deliberate fault: {FAULTS[fault - 1].text}")
    say(f"running {image} on the core, the golden machine follows")
    progress = Progress()
    with Simulator(build, FOLDER) as simulator:
        if fault and FAULTS[fault - 1].program:
            name = FAULTS[fault - 1].program
            say(f"running the directed program {name}, {ROUNDS} times")
            directed, found = directed_program(name, config), run_directed(simulator, config, name, fault)
            if found.verdict is not Verdict.EXIT:
                conclude(found, directed, repeat(args, ""))
                return found.code
        watch = Watch(console=show(progress), progress=progress.update)
        result = run_rtl(simulator, config, program, max_cycles=MAX_CYCLES, watch=watch, fault=fault)
        progress.clear()
        if result.verdict is not Verdict.EXIT:
            conclude(result, program, repeat(args, f"cheriot run {image}"))
            return result.code
        random, failed = run_random(simulator, config, fault)
        if failed:
            name, bad = failed
            conclude(bad, name, repeat(args, f"cheriot random --programs 1 --seed {len(random)}"))
            return bad.code
        if not args.no_waves:
            start = max(0, result.cycles - WAVE_CYCLES)
            say(f"running {image} once more for waves of its last {result.cycles - start:,} cycles")
            run_rtl(simulator, config, program, check=False, waves=str(waves.absolute()), waves_from=start)
            write_save_file(waves)
    calls = [call_of(event.stores) for event in result.events]
    differences = compare(calls)
    print(summary(result, random, calls, differences, None if args.no_waves else waves))
    return SERVICE_MISMATCH if differences else result.code


def repeat(args: argparse.Namespace, otherwise: str) -> str:
    """The command that shows a difference again."""
    return f"cheriot demo --break {args.fault}" if args.fault else f"{otherwise} --profile {args.profile}"


def run_directed(simulator: Simulator, config: SocConfig, name: str, fault: int) -> RunResult:
    """The last run of a directed program: the first that did not end well, if there is one."""
    for _ in range(ROUNDS):
        program = directed_program(name, config)
        result = run_rtl(simulator, config, program, max_cycles=MAX_DIRECTED_CYCLES, fault=fault)
        if result.verdict is not Verdict.EXIT:
            break
    return result


def run_random(
    simulator: Simulator, config: SocConfig, fault: int
) -> tuple[list[RunResult], tuple[Program, RunResult] | None]:
    """Random programs reach what the demo does not. Results up to the first failure, and the failure."""
    say(f"running {RANDOM_PROGRAMS} random programs in the same way")
    results: list[RunResult] = []
    for seed in range(RANDOM_PROGRAMS):
        made = generate(seed, config)
        program = Program(f"random program {seed}", made.entry, ((made.entry, made.image()),))
        result = run_rtl(simulator, config, program, max_cycles=MAX_CYCLES, fault=fault)
        if result.verdict is not Verdict.EXIT:
            return results, (program, result)
        results.append(result)
    return results, None


def show(progress: Progress):
    def console(text: bytes) -> None:
        progress.clear()
        sys.stdout.write(text.decode("latin-1"))
        sys.stdout.flush()

    return console


def compare(calls: list[Call]) -> list[str]:
    """Repeat the calls on the golden services; a line for each whose result differs."""
    model, lines = Replay(), []
    for number, call in enumerate(calls):
        expected = model.expect(call)
        if expected != call:
            lines.append(f"service call {number}: the model gives {expected}; the firmware gave {call}")
    return lines


def summary(
    result: RunResult, random: list[RunResult], calls: list[Call], differences: list[str], waves: Path | None
) -> str:
    """What was checked, as a table."""
    by_service: dict[str, list[Call]] = {}
    for call in calls:
        by_service.setdefault(call.service.name.lower(), []).append(call)
    lines = ["", f"{'service':<24}{'calls':>6}   results, each as the golden model's"]
    for name, group in by_service.items():
        results = ", ".join(str(value) for value in dict.fromkeys(call.result for call in group))
        lines.append(f"{name:<24}{len(group):>6}   {results}")
    state = "equal" if result.state_compared else "not compared: the program was still running"
    ended = "by the program" if result.program_code == 0 else "by the program, which reports a failure"
    lines += [
        "",
        f"cycles                  {result.cycles:>12,}",
        f"instructions            {result.instructions:>12,}",
        f"instructions checked    {result.checked:>12,}",
        f"registers and memory    {state:>12}",
        f"service events compared {len(calls):>12,}, {len(differences)} differ",
        f"exit code               {result.program_code:>12} ({ended})",
        f"random programs         {len(random):>12,}, {sum(run.checked for run in random):,} instructions checked",
    ]
    if waves:
        save = waves.with_suffix(".gtkw")
        lines.append(f"waves                   {waves}, to look at with: gtkwave {save}")
    return "\n".join([*lines, *differences])
