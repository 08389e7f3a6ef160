"""Play the RTOS scenarios on the model and show which rules they exercise.

Fails when a scenario fails. With --complete it also fails when a rule, a row of
the catalogue or a statement of the two public texts has no scenario or comparison.
"""

import time

from cosim.errors import UserError
from rtos_model.services.coverage import uncovered
from rtos_model.services.delays import COMPARISONS
from rtos_model.services.errors import ServiceModelError
from rtos_model.services.rules import RULES, SCENARIOS
from rtos_model.services.scenario import Outcome, catalogue, play

FAILED = 1


def add_arguments(parser):
    parser.add_argument("names", nargs="*", metavar="SC-n", help="only these scenarios (default: all)")
    parser.add_argument("--log", action="store_true", help="print the event log of each scenario")
    parser.add_argument("--rules", action="store_true", help="list the scenarios of each rule")
    parser.add_argument("--complete", action="store_true", help="fail if a rule or a catalogue row has no scenario")


def run(args) -> int:
    known = catalogue()
    for name in args.names:
        if name not in known:
            raise UserError(f"no scenario {name!r}; there are {next(iter(known))} to {list(known)[-1]}")
    chosen = {name: known[name] for name in args.names} if args.names else known
    outcomes: dict[str, Outcome] = {}
    started = time.monotonic()
    for name, scenario in chosen.items():
        try:
            outcomes[name] = play(scenario)
        except ServiceModelError as error:
            outcomes[name] = Outcome(scenario, (), (), (str(error),))
        _show(outcomes[name], args.log)
    unknown = sorted({rule for one in chosen.values() for rule in one.rules} - set(RULES))
    if unknown:
        raise UserError(f"scenarios name rules that do not exist: {', '.join(unknown)}")
    failed = [name for name, outcome in outcomes.items() if not outcome.passed]
    seconds = time.monotonic() - started
    in_python = sum(not one.in_steps for one in chosen.values())
    passed = len(outcomes) - len(failed)
    print(f"{passed} of {len(outcomes)} scenarios pass ({seconds:.1f} s), {in_python} not in steps")
    if args.rules:
        _show_rules(chosen)
    missing = [] if args.names else _missing(known)
    for line in missing:
        print(line)
    return FAILED if failed or (args.complete and missing) else 0


def _show(outcome: Outcome, with_log: bool) -> None:
    one = outcome.scenario
    print(f"{'pass' if outcome.passed else 'FAIL'}  {one.id:7} {one.title}  [{' '.join(one.rules)}]")
    for problem in outcome.problems:
        print(f"      {problem}")
    for line in (*outcome.output, *outcome.lines()) if with_log else outcome.output:
        print(f"      {line}")


def _show_rules(chosen) -> None:
    for rule in RULES:
        names = [name for name, one in chosen.items() if rule in one.rules]
        if names:
            print(f"{rule:6} {' '.join(names)}")


def _missing(known) -> list[str]:
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
