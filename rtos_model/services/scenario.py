"""A scenario: a small system, what its threads do, what an observer must see, and the rules it exercises.

`simple` builds the usual kind, in which every thread runs in the compartment `main`. The files of
rtos_model/services/scenarios each have a tuple `SCENARIOS`; `catalogue` finds them all and `play` runs one.
"""

import enum
import importlib
import pkgutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rtos_model.services import scenarios
from rtos_model.services.errors import ServiceModelError
from rtos_model.services.events import KINDS, Event, lines_match
from rtos_model.services.image import (
    Compartment,
    Export,
    Image,
    Import,
    Initialiser,
    Interrupt,
    KeyImport,
    Posture,
    SealedObject,
    Thread,
    Word,
)
from rtos_model.services.kernel import Body, Kernel, Program
from rtos_model.services.registry import link

GAP = "..."
"""An expected line that stands for any number of events."""

USUAL_PRIORITIES = {"H": 3, "M": 2, "L": 1}
STACK = 2048
"""Bytes of a thread's stack: enough for compiled code that calls the queue compartment, which calls the allocator."""


class Class(enum.Enum):
    """How two implementations' logs of the scenario are compared."""

    EXACT = "exact"
    ORDERED = "ordered"
    SET = "set"
    BOUNDED = "bounded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """`expect` holds lines of the log with threads by name, `*` for any field and `...` for any events.

    Only events whose kind occurs in `expect` or `kinds` are looked at, and they must be those lines and no others;
    kinds in `never` must not occur. `blocked` names the threads that are still suspended at the end. Where the
    comparison class is SET or ORDERED, `listed` gives the kinds it is applied to.
    """

    id: str
    title: str
    rules: tuple[str, ...]
    image: Image
    program: Program
    comparability: Class = Class.EXACT
    expect: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()

    @property
    def in_steps(self) -> bool:
        """Is every body data? If not, it cannot be turned into firmware."""
        return not any(callable(body) for body in self.program.values())


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one run: `problems` is empty if the scenario passed; `output_at` places each output line in the log,
    `checks` counts the `Expect` steps that were reached.
    """

    scenario: Scenario
    log: tuple[Event, ...]
    output: tuple[str, ...]
    problems: tuple[str, ...]
    names: dict[int, str] = field(default_factory=dict)
    output_at: tuple[int, ...] = ()
    checks: int = 0

    @property
    def passed(self) -> bool:
        return not self.problems

    def lines(self) -> list[str]:
        return [event.line(self.names) for event in self.log]


def simple(
    id: str,
    title: str,
    rules: str,
    threads: Mapping[str, Body | str],
    *,
    priorities: Mapping[str, int] = USUAL_PRIORITIES,
    stacks: Mapping[str, int] | None = None,
    words: Iterable[str | Word] = (),
    imports: Iterable[Import] = (),
    sealed: Iterable[SealedObject] = (),
    interrupts: Iterable[Interrupt] = (),
    handlers: tuple[str, ...] = (),
    keys: tuple[str, ...] = (),
    posture: Posture = Posture.ENABLED,
    compartments: Iterable[Compartment] = (),
    program: Mapping[str, Body] | None = None,
    initialisers: Iterable[Initialiser] = (),
    expect: str = "",
    kinds: str = "",
    never: str = "",
    blocked: str = "",
    comparability: Class = Class.EXACT,
    **image,
) -> Scenario:
    """A scenario whose `threads` (name to body, in declaration order) run in compartment `main`.

    A thread that starts in a service has the entry's name (`thread_pool.thread_pool_run`) instead of a body.
    Threads called H, M and L have priorities 3, 2 and 1; others are given in `priorities`. `words` are globals of
    `main` (a name is a 4-byte zero), `keys` its own static sealing keys. Further compartments bring their own
    `program`. Lists of names are strings with blanks; `expect` is one line per event.
    """
    entries = {name: body if isinstance(body, str) else f"main.{name}" for name, body in threads.items()}
    bodies = {f"main.{name}": body for name, body in threads.items() if not isinstance(body, str)}
    bodies |= dict(program or {})
    initialisers = tuple(initialisers)
    started = [one.entry for one in initialisers if one.compartment == "main"]
    main = Compartment(
        name="main",
        exports=tuple(
            Export(name=name, posture=posture, arguments=0 if name in started else 6)
            for name in (body.removeprefix("main.") for body in bodies if body.startswith("main."))
            if "error_handler" not in name
        ),
        imports=(*imports, *(KeyImport(key=key) for key in keys)),
        keys=keys,
        globals=tuple(word if isinstance(word, Word) else Word(name=word) for word in words),
        handlers=handlers,
    )
    levels, stack_of = USUAL_PRIORITIES | dict(priorities), dict(stacks or {})
    return Scenario(
        id=id,
        title=title,
        rules=tuple(rules.split()),
        image=link(
            compartments=[main, *compartments],
            threads=[
                Thread(name=n, compartment=at, entry=entry, priority=levels.get(n, 1), stack=stack_of.get(n, STACK))
                for n, (at, _, entry) in ((n, entry.partition(".")) for n, entry in entries.items())
            ],
            program=bodies,
            sealed_objects=tuple(sealed),
            interrupts=tuple(interrupts),
            initialisers=initialisers,
            **image,
        ),
        program=bodies,
        comparability=comparability,
        expect=tuple(line.strip() for line in expect.strip().splitlines() if line.strip()),
        kinds=tuple(kinds.split()),
        never=tuple(never.split()),
        blocked=tuple(blocked.split()),
    )


def play(scenario: Scenario) -> Outcome:
    """Run a scenario on the model and judge it. Raises ServiceModelError for wrong use of the model."""
    kernel = Kernel(scenario.image, scenario.program)
    kernel.run(may_block=bool(scenario.blocked))
    names = scenario.image.thread_names
    problems = [str(check) for check in kernel.checks if not check.holds]
    problems += _unexpected(scenario, kernel.log, names)
    if set(kernel.blocked()) != set(scenario.blocked):
        problems.append(f"blocked at the end: {sorted(kernel.blocked())}, expected {sorted(scenario.blocked)}")
    if not kernel.checks and not scenario.expect and not scenario.never:
        problems.append("the scenario checks nothing; give it Expect steps or an expected log")
    return Outcome(
        scenario,
        tuple(kernel.log),
        tuple(kernel.output),
        tuple(problems),
        names,
        tuple(kernel.output_at),
        len(kernel.checks),
    )


def _unexpected(scenario: Scenario, log: Sequence[Event], names: dict[int, str]) -> list[str]:
    problems = [f"{event.line(names)} must not happen" for event in log if event.kind in scenario.never]
    watched = {line.split()[0] for line in scenario.expect if line != GAP} | set(scenario.kinds)
    for kind in (*watched, *scenario.never):
        if kind not in KINDS:
            raise ServiceModelError(f"{scenario.id}: {kind!r} is no kind of event; kinds are {', '.join(KINDS)}")
    if watched:
        events = [event for event in log if event.kind in watched]
        problem = _mismatch(scenario.expect, events, names)
        problems += [problem] if problem else []
    return problems


def _mismatch(expect: Sequence[str], events: Sequence[Event], names: dict[int, str]) -> str | None:
    """Match lines with gaps against events; None if they fit."""
    reach = {0}  # how many events the lines so far may have used up
    for line in expect:
        if line == GAP:
            reach = set(range(min(reach), len(events) + 1))
            continue
        after = {at + 1 for at in reach if at < len(events) and lines_match(events[at], line, names)}
        if not after:
            at = max(reach)
            have = events[at].line(names) if at < len(events) else "the end of the log"
            return f"expected {line!r}, but watched event {at} is {have!r}"
        reach = after
    if len(events) not in reach:
        return f"nothing more was expected, but watched event {max(reach)} is {events[max(reach)].line(names)!r}"
    return None


def catalogue() -> dict[str, Scenario]:
    """All scenarios by identifier, the catalogue's in numerical order, then our own. Raises when two share one."""
    found: dict[str, Scenario] = {}
    for module in pkgutil.iter_modules(scenarios.__path__):
        for one in importlib.import_module(f"{scenarios.__name__}.{module.name}").SCENARIOS:
            if one.id in found:
                raise ServiceModelError(f"scenario {one.id} is defined twice, the second time in {module.name}.py")
            found[one.id] = one
    return dict(sorted(found.items(), key=lambda item: (item[0][:2], int(item[0].partition("-")[2]))))
