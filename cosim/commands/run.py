"""Run a program on the RTL, every instruction checked against the golden machine, or on the golden machine alone."""

import argparse
import re
import shlex
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from cosim.bench.job import Input
from cosim.build import SIM_BUILD
from cosim.compare.report import report, stopped
from cosim.compare.symbols import Symbols
from cosim.console import TERMINAL, typed_from
from cosim.errors import UserError
from cosim.faults.planting import number_of
from cosim.image import Program, fitting_profile, load_images
from cosim.progress import Progress, say
from cosim.run import MAX_CYCLES, RunResult, Verdict, Watch, run_model, run_rtl
from cosim.simulator import Simulator
from cosim.soc_design import build_soc
from cosim.trace.gtkw import write_save_file
from cosim.trace.log import CommitLog
from cosim.waves import HELP, LAST_CYCLES, Waves, choose
from rtl.config import PROFILE_USAGE, SocConfig, complete, profile

FAILURE = re.compile(rb"(?i)^.*failure.*$", re.MULTILINE)
"""A line of console output that speaks of a failure: evidence beside the exit code."""
FITTING = "auto"
COLOUR = re.compile(rb"\x1b\[[0-9;]*m")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "image",
        type=Path,
        nargs="+",
        metavar="IMAGE",
        help="an ELF file, Intel hex, Verilog hex (a ROM and a RAM file, or the folder with both) or a flat binary",
    )
    parser.add_argument(
        "--profile", default="safe", help=f"the system: {PROFILE_USAGE}; {FITTING}: one that it fits (default: safe)"
    )
    parser.add_argument("--base", type=number, metavar="ADDR", help="where a file without addresses goes")
    parser.add_argument(
        "--timeout", "--max-cycles", dest="max_cycles", type=number, metavar="CYCLES", default=MAX_CYCLES,
        help=f"give up after so many clock cycles (default: {MAX_CYCLES:,})",
    )
    parser.add_argument(
        "--check", action=argparse.BooleanOptionalAction, default=None, help="compare every instruction (default)"
    )
    parser.add_argument("--model", action="store_true", help="run the golden machine alone, no simulation")
    parser.add_argument("--uart-in", metavar="FILE", help="characters for the UART; - for standard input, as typed")
    parser.add_argument("--trace", type=Path, metavar="FILE", help="write the commit log, a line per instruction")
    parser.add_argument("--waves", default="off", metavar="WHICH", help=HELP)
    parser.add_argument("--waves-file", type=Path, metavar="FILE", help="where waves go (default: sim_build/runs/...)")
    parser.add_argument("--break", dest="fault", metavar="NAME", help="run on a core with a deliberate fault")


def number(text: str) -> int:
    """A number on the command line, decimal or 0x..."""
    return int(text, 0)


def run(args: argparse.Namespace) -> int:
    """The exit code is the program's; 250 for a mismatch, 253 if nothing retires any more, 254 at the cycle limit."""
    config = fitting_profile(args.image, args.base) if args.profile == FITTING else profile(args.profile)
    if args.fault:  # it may be in a part that not every core has
        config = complete(config)
    waves = choose(args.waves, args.waves_file, folder(args) / "waves.vcd")
    if args.max_cycles < 1:
        raise UserError("--timeout must be at least 1 cycle")
    if args.model and (waves or args.check is not None or args.fault):
        raise UserError("--model simulates no RTL: --waves, --check, --no-check and --break have no meaning with it")
    if args.uart_in == TERMINAL and config.serial and waves and waves.on_failure:
        raise UserError("--waves fail cannot repeat what was typed on a serial line; give --uart-in a file")
    program = load_images(args.image, config, args.base)
    typed = typed_from(args.uart_in)
    if waves and args.waves_file is None and args.waves != str(waves.file):
        waves.file.parent.mkdir(parents=True, exist_ok=True)
    for path in filter(None, (args.trace, waves and waves.file)):
        open_output(path, "a").close()  # before anything is overwritten
    progress = Progress()

    def console(text: bytes) -> None:
        progress.clear()
        sys.stdout.write(text.decode("latin-1"))
        sys.stdout.flush()

    with ExitStack() as stack:
        log = None
        if args.trace:
            file = stack.enter_context(open_output(args.trace))
            log = CommitLog(file, [f"image {program.name}, profile {config.name}"])
        watch = Watch(console=console, progress=progress.update, typed=typed, log=log)
        if args.model:
            announce(program)
            result = run_model(config, program, max_cycles=args.max_cycles, watch=watch)
        else:
            result = simulate(args, config, program, watch, waves)
    progress.clear()
    conclude(result, program, repeat_command(args))
    return result.code


def folder(args: argparse.Namespace) -> Path:
    """Where the simulator's messages, and waves, go."""
    return SIM_BUILD / "runs" / args.image[0].stem


def simulate(
    args: argparse.Namespace, config: SocConfig, program: Program, watch: Watch, waves: Waves | None
) -> RunResult:
    fault = number_of(args.fault) if args.fault else 0
    build = build_soc(config, fst=bool(waves) and waves.fst, faults=bool(fault), progress=say)

    announce(program)

    def once(watch: Watch, check: bool, max_cycles: int, inputs: tuple[Input, ...], dump: Waves | None) -> RunResult:
        chosen = {} if dump is None else {
            "waves": str(dump.file.absolute()), "waves_from": dump.start, "waves_until": dump.stop,
        }
        with Simulator(build, folder(args)) as simulator:
            return run_rtl(
                simulator, config, program, check=check, max_cycles=max_cycles, inputs=inputs, fault=fault,
                watch=watch, **chosen,
            )

    now = None if waves is None or waves.on_failure else waves
    result = once(watch, args.check is not False, args.max_cycles, (), now)
    if waves and waves.on_failure and result.code:
        last = replace(waves, start=max(0, result.cycles - LAST_CYCLES))
        say(f"running it once more for waves of its last {result.cycles - last.start:,} cycles")
        if config.serial:
            once(Watch(typed=typed_from(args.uart_in)), False, result.cycles, (), last)
        else:
            once(Watch(), False, result.cycles, retyped(result), last)
        now = last
    if now:
        say(f"waves: gtkwave {write_save_file(now.file)}")
    return result


def announce(program: Program) -> None:
    if program.architecture:
        say(f"{program.name}: compiled for {program.architecture}")


def retyped(result: RunResult) -> tuple[Input, ...]:
    """The console input of a run, for another one that is to be the same."""
    inputs = []
    for clock, character in result.received:
        inputs += [Input(clock, "uart__received", character), Input(clock, "uart__received_valid", 1)]
        inputs.append(Input(clock + 1, "uart__received_valid", 0))
    return tuple(inputs)


def open_output(path: Path, mode: str = "w"):
    """A text file for writing; raises UserError if that cannot be."""
    try:
        return open(path, mode)
    except OSError as error:
        raise UserError(f"{path}: cannot write it: {error.strerror}") from None


def repeat_command(args: argparse.Namespace) -> str:
    words = ["cheriot", "run", *map(str, args.image), "--profile", args.profile]
    if args.base is not None:
        words += ["--base", hex(args.base)]
    if args.uart_in and args.uart_in != TERMINAL:
        words += ["--uart-in", args.uart_in]
    if args.fault:
        words += ["--break", args.fault]
    return shlex.join(words)


def conclude(result: RunResult, program: Program, repeat: str) -> None:
    """Print what the run came to."""
    symbols = Symbols(program.symbols)
    if result.difference:
        print(report(result.difference, symbols, repeat), flush=True)
    elif result.verdict is not Verdict.EXIT and result.recent:
        print(stopped(result.recent, symbols), flush=True)
    ending = result.verdict.value
    if result.verdict is Verdict.EXIT:
        ending += f" with code {result.program_code}"
    checked = f", {result.checked:,} checked" if result.checked else ""
    checked += " and the final state" if result.state_compared else ""
    if failure := FAILURE.search(COLOUR.sub(b"", result.console)):
        say(f"the console speaks of a failure: {failure[0].decode('latin-1').strip()}")
    say(f"{ending}; {result.cycles:,} cycles, {result.instructions:,} instructions{checked}, {result.seconds:.1f} s")
