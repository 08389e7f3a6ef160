"""Run the RTOS scenarios on the core and compare each event with the golden services."""

import argparse
import json
import shlex
import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from cosim.build import SIM_BUILD
from cosim.check import FAIL, PASS, Check, Checked
from cosim.errors import UserError
from cosim.progress import Progress, say
from cosim.simulator import OnDemand, Simulator, SimulatorError
from cosim.soc_design import build_soc
from cosim.toolchain.steps.program import firmware
from cosim.trace.gtkw import write_save_file
from rtl.config import SAFE
from rtos_model.services.scenario import Class, Scenario, catalogue

FOLDER = SIM_BUILD / "check"
RESULTS = {False: FOLDER / "results.json", True: FOLDER / "machine.json"}
"""What came of each scenario at its last run, on the core and on the golden machine alone."""
FAILED = 1
NOT_BUILT = "no build"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="SC-n", help="only these scenarios (default: all)")
    parser.add_argument("--machine", action="store_true", help="on the golden machine alone, no simulation")
    parser.add_argument("--class", dest="kind", choices=[one.value for one in Class], help="only those of a class")
    parser.add_argument("--log", action="store_true", help="print the events of each scenario")
    parser.add_argument("--waves", type=Path, metavar="FILE.vcd", help="dump waves of one scenario")
    parser.add_argument("--keep", action="store_true", help="write each image to sim_build/check, for `cheriot run`")


def run(args: argparse.Namespace) -> int:
    chosen = selected(args.names, args.kind)
    if args.waves and (args.machine or len(chosen) != 1):
        raise UserError("--waves shows the core running one scenario: name one, without --machine")
    FOLDER.mkdir(parents=True, exist_ok=True)
    progress = Progress()
    started = time.monotonic()
    results: dict[str, Checked] = {}
    with ExitStack() as stack:
        simulator = stack.enter_context(OnDemand(lambda: Simulator(build_soc(SAFE, progress=say), FOLDER)))
        check = Check(
            firmware=lambda scenario: built(scenario, args.keep),
            simulator=None if args.machine else simulator,
            progress=progress.update,
        )
        print(f"{'scenario':9} {'rules':28} {'cycles':>11} {'events':>7}  verdict", flush=True)
        for scenario in chosen:
            results[scenario.id] = found = attempt(check, scenario, repeat(args, scenario), args.waves)
            progress.clear()
            show(scenario, found, args.log)
            save(RESULTS[args.machine], {scenario.id: found})
    if args.waves:
        say(f"waves: gtkwave {write_save_file(args.waves)}")
    passed = sum(one.verdict == PASS for one in results.values())
    where = "golden machine" if args.machine else "core, every instruction compared"
    print(f"{passed} of {len(results)} scenarios agree ({where}; {time.monotonic() - started:.1f} s)")
    return 0 if passed == len(results) else FAILED


def selected(names: Iterable[str], kind: str | None) -> list[Scenario]:
    """Scenarios by identifier. Raises UserError for one that does not exist."""
    known = catalogue()
    for name in names:
        if name not in known:
            raise UserError(f"no scenario {name!r}; there are {next(iter(known))} to {list(known)[-1]}")
    wanted = [known[name] for name in names] or [*known.values()]
    return [one for one in wanted if kind is None or one.comparability.value == kind]


def built(scenario: Scenario, keep: bool):
    system, generated = firmware(scenario)
    if keep:
        (FOLDER / f"{scenario.id}.elf").write_bytes(system.elf)
        for name, sources in generated.sources.items():
            for source in sources:
                (FOLDER / f"{scenario.id}.{name}.c").write_text(source.text or "")
    return system, generated


def attempt(check: Check, scenario: Scenario, command: str, waves: Path | None) -> Checked:
    """Also what keeps a scenario from being run is a result."""
    try:
        return check.check(scenario, command, waves)
    except UserError as error:
        return Checked(NOT_BUILT, text=(*str(error).splitlines(), f"repeat with: {command}"))
    except SimulatorError as error:
        return Checked(FAIL, text=(str(error), f"repeat with: {command}"))


def repeat(args: argparse.Namespace, scenario: Scenario) -> str:
    words = ["cheriot", "check", scenario.id]
    words += ["--machine"] if args.machine else ["--waves", f"{scenario.id}.vcd"]
    return shlex.join(words)


def show(scenario: Scenario, found: Checked, with_log: bool) -> None:
    rules = " ".join(scenario.rules)
    rules = rules if len(rules) <= 28 else rules[:25] + "..."
    print(f"{scenario.id:9} {rules:28} {found.cycles:>11,} {found.events:>7,}  {found.verdict}", flush=True)
    log = found.observed.lines() if with_log and found.observed else ()
    for line in (*found.text, *log):
        print(f"    {line}", flush=True)


def save(path: Path, results: dict[str, Checked]) -> None:
    """Add to what is known of other scenarios."""
    known = json.loads(path.read_text()) if path.exists() else {}
    known |= {
        name: {"verdict": one.verdict, "cycles": one.cycles, "events": one.events} for name, one in results.items()
    }
    path.write_text(json.dumps(known, indent=1) + "\n")
