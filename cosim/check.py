"""One scenario on the core or on the golden machine: built, run, observed, compared with the golden services."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cosim.audited import Found, audit_checks
from cosim.bench.job import Input
from cosim.compare.report import report as instruction_report
from cosim.compare.scenario import compare
from cosim.compare.services import Difference
from cosim.compare.sides import side_by_side
from cosim.compare.symbols import Symbols
from cosim.image import Program, check_fits, linked_program
from cosim.observe.built import places_of
from cosim.observe.observer import Observer, Position
from cosim.run import RunResult, Verdict, Watch, run_model, run_rtl
from cosim.simulator import Simulator
from cosim.toolchain.steps.program import Generated
from cosim.toolchain.system.build import System
from rtl.config import SAFE
from rtos_model.services.errors import ServiceModelError
from rtos_model.services.scenario import Class, Outcome, Scenario, play

CYCLES = {True: 20_000_000, False: 60_000_000}
"""After so many clocks a scenario with scripted or real clock is taken for one that hangs."""
AUDIT = "SC-187"
"""The scenario that examines the report on the built system."""
PASS, FAIL = "pass", "fail"


@dataclass(frozen=True)
class Checked:
    """What came of a scenario. `text` says what is wrong, in many lines; `events` counts those compared; `observed` is
    the run as the golden services would tell it, with `text` for its problems."""

    verdict: str
    cycles: int = 0
    instructions: int = 0
    events: int = 0
    text: tuple[str, ...] = ()
    observed: Outcome | None = None


@dataclass
class Check:
    """Runs scenarios with a `simulator`, or without one on the golden machine alone.

    `firmware` builds the system of a scenario; `repeat` is the command that shows the same failure again.
    """

    firmware: Callable[[Scenario], tuple[System, Generated]]
    simulator: Callable[[], Simulator] | None = None
    progress: Callable[[int, int], None] = lambda cycles, instructions: None
    folder: Path | None = None
    _programs: dict[str, Program] = field(default_factory=dict)

    def check(
        self, scenario: Scenario, repeat: str, waves: Path | None = None, inputs: tuple[Input, ...] = ()
    ) -> Checked:
        """`inputs` are changes of the simulator's inputs. Raises UserError if the scenario cannot be built."""
        try:
            golden = play(scenario)
        except ServiceModelError as error:
            return Checked(FAIL, text=(f"the golden services do not play it: {error}",))
        system, generated = self.firmware(scenario)
        program = linked_program(scenario.id, system.image)
        check_fits(program, SAFE)
        observers: list[Observer] = []

        def attach(machine) -> None:
            observers.append(Observer(machine, scenario.image, places_of(system)))

        watch = Watch(
            progress=self.progress, machine=attach, stop=lambda: bool(observers and observers[0].problem)
        )
        scripted = scenario.comparability is Class.EXACT
        if self.simulator is None:
            result = run_model(SAFE, program, max_cycles=CYCLES[scripted], scripted=scripted, watch=watch)
        else:
            result = run_rtl(
                self.simulator(),
                SAFE,
                program,
                max_cycles=CYCLES[scripted],
                scripted=scripted,
                inputs=inputs,
                waves=str(waves.absolute()) if waves else None,
                watch=watch,
            )
        asked = audit_checks(scenario, system, lambda one: self.firmware(one)[0]) if scenario.id == AUDIT else []
        return judge(scenario, golden, system, program, result, generated, observers[0], repeat, asked)


def judge(
    scenario: Scenario,
    golden: Outcome,
    system: System,
    program: Program,
    result: RunResult,
    generated: Generated,
    observer: Observer,
    repeat: str,
    asked: Found = (),
) -> Checked:
    """The verdict on a run, and what to say about it. `asked` are checks that the host makes instead of a thread."""
    text: list[str] = []
    if result.difference:
        text += instruction_report(result.difference, Symbols(program.symbols), repeat).splitlines()
    text += [observer.problem] if observer.problem else []
    text += _ending(scenario, result)
    difference = compare(scenario, golden.log, observer.log)
    if difference:
        text += _difference(scenario, difference, golden, observer, system)
    for one in observer.checks:
        if one.got != one.wanted:
            what = generated.checks[one.unit][one.number].text
            text.append(f"{_place(scenario, one.position, system)}: {what} is {one.got}, expected {one.wanted}")
    text += [f"{what}: {answer}, expected {wanted}" for what, answer, wanted in asked if answer != wanted]
    if len(observer.checks) != golden.checks and not asked:
        text.append(f"{len(observer.checks)} checks were made; {golden.checks} by the golden services")
    problems = tuple([*text, f"repeat with: {repeat}"] if text else ())
    return Checked(
        FAIL if text else PASS,
        result.cycles,
        result.instructions,
        len(observer.log),
        problems,
        _observed(scenario, observer, generated, problems),
    )


def _observed(scenario: Scenario, observer: Observer, generated: Generated, problems: tuple[str, ...]) -> Outcome:
    names = scenario.image.thread_names
    output = []
    for one in observer.said:
        words, count = generated.texts[one.unit][one.number]
        output.append(" ".join([f"{names[one.position.thread]}: {words}", *map(str, one.values[:count])]))
    return Outcome(
        scenario=scenario,
        log=tuple(observer.log),
        output=tuple(output),
        problems=problems,
        names=names,
        output_at=tuple(one.after for one in observer.said),
        checks=len(observer.checks),
    )


def _ending(scenario: Scenario, result: RunResult) -> list[str]:
    """Lines about a run that did not end as it should."""
    wanted = Verdict.ASLEEP if scenario.blocked else Verdict.EXIT
    problems = []
    if result.verdict not in (wanted, Verdict.MISMATCH):
        problems.append(f"{result.verdict.value} after {result.cycles:,} cycles; expected: {wanted.value}")
    if result.program_code:
        problems.append(f"the program ended with code {result.program_code}")
    if problems and result.console:
        problems += ["console:", *result.console.decode("latin-1").splitlines()]
    return problems


def _place(scenario: Scenario, where: Position, system: System) -> str:
    """Thread, compartment and function, source line."""
    line = system.line_of(where.pc)
    source = f", {Path(line[1]).name}:{line[2]}" if line else f", pc {where.pc:#010x}"
    thread = scenario.image.thread_names.get(where.thread, str(where.thread))
    return f"thread {thread} in {where.compartment}.{where.entry}{source}"


def _difference(
    scenario: Scenario, found: Difference, golden: Outcome, observer: Observer, system: System
) -> list[str]:
    lines = [f"the logs differ, class {scenario.comparability.value}"]
    if observer.positions:
        last = min(found.got_index, len(observer.positions) - 1)
        where = observer.positions[last]
        lines[0] += f", at clock {where.clock:,}: {_place(scenario, where, system)}"
    if scenario.comparability is Class.SET:
        lines += [f"  more on the golden services: {found.expected}", f"  more here: {found.got}"]
    names = scenario.image.thread_names
    mine, theirs = ([event.line(names) for event in log] for log in (golden.log, observer.log))
    lines += [f"  golden services: {_at(mine, found.index)}", f"  observed:        {_at(theirs, found.got_index)}"]
    return lines + side_by_side(mine, theirs, found.index, found.got_index, ("golden services", "observed"))


def _at(log: list[str], index: int) -> str:
    return log[index] if index < len(log) else "the end of the log"
