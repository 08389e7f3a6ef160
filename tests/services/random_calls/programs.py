"""Random programs as data, their run under a watcher, and their text in the language of scenarios.

python -m tests.services.random_calls.programs --examples 5000 --seed 1
"""

import argparse
import inspect
import sys

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from rtos_model.services.errors import Deadlock
from rtos_model.services.kernel import Kernel
from rtos_model.services.scenario import Scenario, simple
from rtos_model.services.steps import Step
from tests.services.random_calls.operations import EXPIRED, OPERATIONS, QUOTAS, SYSTEM, prologue
from tests.services.random_calls.watcher import Watcher

PRIORITIES = {"A": 3, "B": 2, "C": 2, "D": 1, "S": 4, "W": 2}
SERVICES = {"S": "timer_service.timer_service_run", "W": "thread_pool.thread_pool_run"}
Operation = tuple[str, int, int, int]
Program = dict[str, list[Operation]]

THEMES = (tuple(OPERATIONS), ("allocate", "release", "use"), ("section", "pause"), ("handle", "allocate", "release"))
"""A program is about all services, or about few: threads that meet at one of them find more."""


def programs(theme: tuple[str, ...]) -> st.SearchStrategy[Program]:
    operation = st.tuples(st.sampled_from(theme), st.integers(0, 59), st.integers(0, 3), st.integers(0, 4))
    return st.fixed_dictionaries({name: st.lists(operation, max_size=8) for name in "ABCD"})


program = st.sampled_from(THEMES).flatmap(programs)


def body(operations: list[Operation]) -> tuple[Step, ...]:
    steps: tuple[Step, ...] = ()
    for name, *numbers in operations:
        make = OPERATIONS[name]
        steps += make(*numbers[: len(inspect.signature(make).parameters)])
    return steps


def scenario(chosen: Program) -> Scenario:
    """A is the most urgent thread and makes what all use."""
    threads = {name: body(operations) for name, operations in chosen.items()}
    threads["A"] = prologue() + threads["A"]
    return simple(
        "SX-0",
        "random calls",
        "",
        threads | SERVICES,
        priorities=PRIORITIES,
        stacks=dict.fromkeys(chosen, 32_768),
        program={"main.expired": EXPIRED},
        blocked="S W",
        **SYSTEM,
    )


def problems(made: Scenario) -> list[str]:
    """Run it; what was broken."""
    kernel = Kernel(made.image, made.program)
    watcher = Watcher(kernel, QUOTAS)
    try:
        kernel.run(may_block=True)
    except Deadlock as deadlock:
        return [str(deadlock)]
    watcher.end(tuple(made.blocked))
    return watcher.problems


def source(made: Scenario) -> str:
    """The threads as they stand in a scenario's file."""
    lines = ["simple(", '    "SX-0",', '    "random calls",', '    "",', "    {"]
    for name, steps in made.program.items():
        if name.startswith("main.") and name != "main.expired":
            lines += [f'        "{name.removeprefix("main.")}": (', *(f"            {step!r}," for step in steps)]
            lines.append("        ),")
    lines += [f'        "{name}": "{entry}",' for name, entry in SERVICES.items()]
    return "\n".join([*lines, "    },", "    **SYSTEM,  # of tests/services/random_calls/operations.py", ")"])


class Broken(AssertionError):
    """A program under which something does not hold; the text has it as a scenario."""


def explore(examples: int, number: int) -> None:
    """Try so many programs. Raises Broken with the shortest one found."""

    @seed(number)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(program)
    def holds(chosen: Program) -> None:
        made = scenario(chosen)
        found = problems(made)
        if found:
            raise Broken("\n".join([*found[:5], f"(seed {number})", source(made)]))

    holds()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--examples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    try:
        explore(args.examples, args.seed)
    except Broken as broken:
        print(broken)
        return 1
    print(f"{args.examples} programs from seed {args.seed}: everything held")
    return 0


if __name__ == "__main__":
    sys.exit(main())
