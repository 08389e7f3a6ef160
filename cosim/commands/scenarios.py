"""Play the RTOS scenarios on the model and show which rules they exercise.

Fails when a scenario fails; without names also when a rule, a row of the catalogue or a statement of the two public
texts has no scenario or comparison. What `cheriot check` found on the hardware is shown beside, if it has run.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from cosim.described import scenarios_in
from cosim.errors import UserError
from rtos_model.services.coverage import uncovered
from rtos_model.services.delays import COMPARISONS
from rtos_model.services.errors import ServiceModelError
from rtos_model.services.rules import RULES, SCENARIOS
from rtos_model.services.scenario import Outcome, Scenario, catalogue, play

FAILED = 1
HARDWARE = Path("sim_build/check/results.json")
"""Written by `cheriot check`: scenario to {"verdict": "pass" or another word, "cycles": n, "events": n}."""
Results = Mapping[str, Mapping[str, object]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="SC-n", help="only these, or those of a file.py (default: all)")
    parser.add_argument("--log", action="store_true", help="print the event log of each scenario")
    parser.add_argument("--rules", action="store_true", help="list the scenarios of each rule")


def run(args: argparse.Namespace) -> int:
    known = catalogue()
    chosen = dict(pair for name in args.names for pair in named(name, known)) if args.names else known
    unknown = sorted({rule for one in chosen.values() for rule in one.rules} - set(RULES))
    if unknown:
        raise UserError(f"scenarios name rules that do not exist: {', '.join(unknown)}")
    hardware = read(HARDWARE)
    started = time.monotonic()
    outcomes = {}
    for name, scenario in chosen.items():
        outcomes[name] = played(scenario)
        show(outcomes[name], hardware, args.log)
    failed = [name for name, outcome in outcomes.items() if not outcome.passed]
    in_python = sum(not one.in_steps for one in chosen.values())
    passed = len(outcomes) - len(failed)
    print(f"{passed} of {len(outcomes)} scenarios pass ({time.monotonic() - started:.1f} s), {in_python} not in steps")
    if hardware:
        verdicts = Counter(verdict(hardware, name) for name in chosen)
        print(f"on the hardware: {', '.join(f'{count} {word}' for word, count in verdicts.most_common())}")
    if args.rules:
        show_rules(chosen)
    missing = [] if args.names else gaps(known)
    print("\n".join(missing), end="\n" if missing else "")
    return FAILED if failed or missing else 0


def named(name: str, known: Mapping[str, Scenario]) -> list[tuple[str, Scenario]]:
    """One of the catalogue, or those of a Python file. Raises UserError for a name that is neither."""
    if name.endswith(".py"):
        return [(one.id, one) for one in scenarios_in(Path(name))]
    if name not in known:
        raise UserError(f"no scenario {name!r}; there are {next(iter(known))} to {list(known)[-1]}")
    return [(name, known[name])]


def played(scenario: Scenario) -> Outcome:
    """Wrong use of the model is a problem of the scenario, too."""
    try:
        return play(scenario)
    except ServiceModelError as error:
        return Outcome(scenario, (), (), (str(error),))


def read(path: Path) -> Results:
    """What was found on the hardware; nothing if it was not asked. Raises UserError for a file of another form."""
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: {error}; remove it, or run `cheriot check` again") from None
    if not isinstance(found, dict) or not all(isinstance(one, dict) and "verdict" in one for one in found.values()):
        raise UserError(f"{path}: not scenarios with a verdict each; remove it, or run `cheriot check` again")
    return found


def verdict(hardware: Results, name: str) -> str:
    return str(hardware[name]["verdict"]) if name in hardware else "not run"


def show(outcome: Outcome, hardware: Results, with_log: bool) -> None:
    """One line: verdict of the model, verdict of the hardware if there are any, scenario and rules."""
    one = outcome.scenario
    beside = f"  hardware: {verdict(hardware, one.id):8}" if hardware else ""
    print(f"{'pass' if outcome.passed else 'FAIL'}{beside}  {one.id:7} {one.title}  [{' '.join(one.rules)}]")
    for problem in outcome.problems:
        print(f"      {problem}")
    for line in (*outcome.output, *outcome.lines()) if with_log else outcome.output:
        print(f"      {line}")


def show_rules(chosen: Mapping[str, Scenario]) -> None:
    for rule in RULES:
        names = [name for name, one in chosen.items() if rule in one.rules]
        if names or rule in COMPARISONS:
            print(f"{rule:6} {' '.join(names) or 'cheriot compare'}")


def gaps(known: Mapping[str, Scenario]) -> list[str]:
    """Lines for rules and catalogue rows that nothing exercises, and for statements that nothing covers."""
    exercised = {rule for one in known.values() for rule in one.rules} | set(COMPARISONS)
    rules = [rule for rule in RULES if rule not in exercised]
    rows = [name for name in SCENARIOS if name not in known]
    found = []
    if rules:
        found.append(f"{len(rules)} of {len(RULES)} rules without a scenario: {' '.join(rules)}")
    if rows:
        found.append(f"{len(rows)} of {len(SCENARIOS)} catalogue rows without a scenario: {' '.join(rows)}")
    return found + uncovered({*known, *exercised})
