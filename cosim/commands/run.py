"""Run a program on the RTL, every instruction checked against the golden machine, or on the golden machine alone."""

import argparse
import shlex
import sys
from contextlib import ExitStack
from pathlib import Path

from cosim.build import SIM_BUILD
from cosim.compare.report import report
from cosim.compare.symbols import Symbols
from cosim.errors import UserError
from cosim.faults import number_of
from cosim.image import Program, load_program
from cosim.progress import Progress, say
from cosim.run import MAX_CYCLES, RunResult, Verdict, Watch, run_model, run_rtl
from cosim.simulator import Simulator
from cosim.soc_design import build_soc
from cosim.trace.gtkw import write_save_file
from cosim.trace.log import CommitLog
from rtl.config import PROFILE_USAGE, SocConfig, profile

WAVE_FORMATS = (".vcd", ".fst")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("image", type=Path, metavar="IMAGE", help="an ELF file, or a flat binary")
    parser.add_argument("--profile", default="safe", help=f"the system: {PROFILE_USAGE} (default: safe)")
    parser.add_argument("--base", type=number, metavar="ADDR", help="where a flat binary goes (default: the entry)")
    parser.add_argument("--model", action="store_true", help="run the golden machine alone, no simulation")
    parser.add_argument("--no-check", action="store_true", help="run the RTL alone, nothing compared")
    parser.add_argument("--trace", type=Path, metavar="FILE", help="write the commit log, a line per instruction")
    parser.add_argument("--waves", type=Path, metavar="FILE", help="dump waves (.vcd or .fst) and a .gtkw beside them")
    parser.add_argument("--waves-from", type=number, default=0, metavar="N", help="dump waves from this cycle on")
    parser.add_argument("--break", dest="fault", metavar="NAME", help="run on a core with a deliberate fault")
    parser.add_argument("--max-cycles", type=number, metavar="N", default=MAX_CYCLES, help="give up after so many")


def number(text: str) -> int:
    """A number on the command line, decimal or 0x..."""
    return int(text, 0)


def run(args: argparse.Namespace) -> int:
    """The exit code is the program's; 250 for a mismatch, 253 if nothing retires any more, 254 at the cycle limit."""
    config = profile(args.profile)
    program = load_program(args.image, config, args.base)
    if args.model and (args.waves or args.no_check or args.fault):
        raise UserError("--model simulates no RTL: --waves, --no-check and --break have no meaning with it")
    progress = Progress()

    def console(text: bytes) -> None:
        progress.clear()
        sys.stdout.write(text.decode("latin-1"))
        sys.stdout.flush()

    with ExitStack() as stack:
        log = None
        if args.trace:
            file = stack.enter_context(open_output(args.trace))
            log = CommitLog(file, [f"image {args.image}, profile {config.name}"])
        watch = Watch(console=console, progress=progress.update, log=log)
        if args.model:
            result = run_model(config, program, max_cycles=args.max_cycles, watch=watch)
        else:
            result = simulate(args, config, program, watch)
    progress.clear()
    conclude(result, program, repeat_command(args))
    return result.code


def simulate(args: argparse.Namespace, config: SocConfig, program: Program, watch: Watch) -> RunResult:
    if args.waves and args.waves.suffix not in WAVE_FORMATS:
        raise UserError(f"{args.waves}: waves go into a file named *.vcd or *.fst")
    if args.waves:
        open_output(args.waves).close()
    fault = number_of(args.fault) if args.fault else 0
    fst = bool(args.waves) and args.waves.suffix == ".fst"
    build = build_soc(config, fst=fst, faults=bool(fault), progress=say)
    with Simulator(build, SIM_BUILD / "runs" / args.image.stem) as simulator:
        result = run_rtl(
            simulator,
            config,
            program,
            check=not args.no_check,
            max_cycles=args.max_cycles,
            waves=str(args.waves.absolute()) if args.waves else None,
            waves_from=args.waves_from,
            fault=fault,
            watch=watch,
        )
    if args.waves:
        say(f"waves: gtkwave {write_save_file(args.waves)}")
    return result


def open_output(path: Path):
    """A text file for writing; raises UserError if that cannot be."""
    try:
        return open(path, "w")
    except OSError as error:
        raise UserError(f"{path}: cannot write it: {error.strerror}") from None


def repeat_command(args: argparse.Namespace) -> str:
    words = ["cheriot", "run", str(args.image), "--profile", args.profile]
    if args.base is not None:
        words += ["--base", hex(args.base)]
    if args.fault:
        words += ["--break", args.fault]
    return shlex.join(words)


def conclude(result: RunResult, program: Program, repeat: str) -> None:
    """Print what the run came to."""
    if result.difference:
        print(report(result.difference, Symbols(program.symbols), repeat), flush=True)
    ending = result.verdict.value
    if result.verdict is Verdict.EXIT:
        ending += f" with code {result.program_code}"
    checked = f", {result.checked:,} checked" if result.checked else ""
    checked += " and the final state" if result.state_compared else ""
    say(f"{ending}; {result.cycles:,} cycles, {result.instructions:,} instructions{checked}, {result.seconds:.1f} s")
