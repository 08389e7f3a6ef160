"""Plays the scenes of a demo, tells them event by event, and holds what they claim against the log.

A `Scene` is a scenario with what it is to teach. Who plays it is a function from a scenario to an `Outcome`, so that
the golden model and the hardware show the same demo. An `Exhibit` is a calculation: nobody plays it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import ModuleType

from cosim.errors import UserError
from cosim.narration import sentence
from rtos_model.services.errors import Errno, ServiceModelError
from rtos_model.services.events import Call, CallFail, Event, Ret, Unwind, lines_match
from rtos_model.services.scenario import Outcome, Scenario, play

Player = Callable[[Scenario], Outcome]
FAILED = 1
CORE = ("scheduler", "allocator", "token", "message_queue", "timer_service", "thread_pool")
USUAL = tuple("CALL RET CALLFAIL TRAP UNWIND BLOCK READY IRQ BOOST ALLOC FREE CLAIM EPOCH".split())
"""Kinds of events that are told; SWITCH, LIB, HANDLER, TICK and EXIT are in the log (`--log`)."""


@dataclass(frozen=True, slots=True)
class Claim:
    """`text` holds if the log has `times` events (None: at least one) that fit one of the lines; 0 is "never"."""

    text: str
    rules: str
    lines: tuple[str, ...]
    times: int | None = None

    def count(self, outcome: Outcome) -> int:
        return sum(any(lines_match(event, line, outcome.names) for line in self.lines) for event in outcome.log)

    def holds(self, outcome: Outcome) -> bool:
        found = self.count(outcome)
        return found > 0 if self.times is None else found == self.times

    def text_of(self, outcome: Outcome) -> str:
        found = self.count(outcome)
        return f"{self.text}  [{self.rules}; {found or 'no'} event{'' if found == 1 else 's'}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """`cast` says who is who, `claims` what must hold; `show` are the kinds of events that are told."""

    scenario: Scenario
    cast: str
    claims: tuple[Claim, ...]
    show: tuple[str, ...] = USUAL


@dataclass(frozen=True, slots=True)
class Exhibit:
    """`make` gives a text to show, and claims as (does it hold?, text)."""

    title: str
    make: Callable[[], tuple[str, list[tuple[bool, str]]]]


def claim(text: str, rules: str, *lines: str, times: int | None = None) -> Claim:
    return Claim(text, rules, lines, times)


def on_the_model(scenario: Scenario) -> Outcome:
    try:
        return play(scenario)
    except ServiceModelError as error:
        raise UserError(f"{scenario.id}: {error}") from None


def show(demo: ModuleType, player: Player, *, with_log: bool = False) -> int:
    """Play all scenes and print them. 0 if every scenario passed and every claim held."""
    print((demo.__doc__ or "").strip())
    outcomes: list[Outcome] = []
    broken = 0
    for number, scene in enumerate(demo.SCENES, 1):
        if isinstance(scene, Exhibit):
            text, claims = scene.make()
            print(f"\n--- {number}: {scene.title}\n\n{text}\n")
            print("\n".join(_judged(holds, words) for holds, words in claims))
            broken += sum(not holds for holds, _ in claims)
            continue
        outcome = player(scene.scenario)
        outcomes.append(outcome)
        print(f"\n--- {number}: {scene.scenario.title}\n{scene.cast.strip()}\n")
        print("\n".join(f"    {line}" for line in told(outcome, scene.show)))
        if with_log:
            print("\n".join(["", *(f"    | {line}" for line in outcome.lines())]))
        print()
        verdicts = [(one.holds(outcome), one.text_of(outcome)) for one in scene.claims]
        verdicts += [(False, problem) for problem in outcome.problems]
        print("\n".join([*(_judged(holds, words) for holds, words in verdicts), stopped(outcome)]))
        broken += sum(not holds for holds, _ in verdicts)
    if hasattr(demo, "epilogue"):
        print(f"\n{demo.epilogue(outcomes)}")
    print(f"\n{'everything held' if not broken else f'{broken} of the claims and checks DID NOT HOLD'}")
    return FAILED if broken else 0


def told(outcome: Outcome, kinds: Sequence[str]) -> list[str]:
    """What happened: sentences, with what the threads said at its place between them; repetitions are counted.

    Calls from one core compartment to another are left out: how a service does its work is in the log.
    """
    said = list(zip(outcome.output_at, outcome.output, strict=True))
    lines: list[str] = []
    inside: dict[int, list[bool]] = {}  # thread to its calls under way: is it one that is left out?
    before: Event | None = None
    for at, event in enumerate(outcome.log):
        while said and said[0][0] <= at:
            lines.append(f'  "{said.pop(0)[1]}"')
        hidden = False
        if isinstance(event, Call):
            hidden = event.caller in CORE and event.callee in CORE
            inside.setdefault(event.thread, []).append(hidden)
        elif isinstance(event, Ret) or (isinstance(event, CallFail) and isinstance(before, Unwind)):
            hidden = inside[event.thread].pop()
        if event.kind in kinds and not hidden:
            lines.append(sentence(event, outcome.names))
        before = event
    lines += [f'  "{text}"' for _, text in said]
    return _counted(lines)


def _counted(lines: Sequence[str]) -> list[str]:
    groups = [(line, sum(1 for _ in group)) for line, group in groupby(lines)]
    return [line if times == 1 else f"{line}  ({times} times)" for line, times in groups]


def _judged(holds: bool, text: str) -> str:
    return f"  {'held  ' if holds else 'BROKEN'}  {text}"


def stopped(outcome: Outcome) -> str:
    """What the attacks got."""
    traps = sum(event.kind == "TRAP" for event in outcome.log)
    results = [event.a0 for event in outcome.log if isinstance(event, Ret)]
    refusals = sum(code in (-Errno.EPERM, -Errno.EINVAL) for code in results)
    return f"  attempts that got nothing: {traps} stopped by a trap, {refusals} refused with EPERM or EINVAL"
