"""A scenario as firmware: for each compartment with step programs one C source, and what the reports in it mean."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cosim.errors import UserError
from cosim.toolchain.program import FIRMWARE
from cosim.toolchain.steps.bodies import Body, entry_head
from cosim.toolchain.steps.calls import CheckPoint, UnitText
from cosim.toolchain.steps.expressions import word_name
from cosim.toolchain.steps.headers import headers
from cosim.toolchain.system.build import System, build
from cosim.toolchain.system.sources import Source
from rtl.config import SAFE, SocConfig
from rtos_model.services.image import DeviceImport, Image, Import, Word
from rtos_model.services.registry import ENTRIES
from rtos_model.services.scenario import Scenario

HANDLERS = {
    "error_handler": "compartment_error_handler",
    "error_handler_stackless": "compartment_error_handler_stackless",
}
"""Body of a program to the function that it is; its steps get mcause and, of mtval, the cause of a CHERI fault."""
BY_HAND = FIRMWARE / "scenarios"
"""A folder for each scenario that does what steps cannot say; see the README there."""
CHECK_BY_HAND = re.compile(r"CHECK (\d+): (.*?)(?: \*/)?$", re.MULTILINE)
CLOCK = DeviceImport(device="simulation_clock", permissions="W")
TIME = DeviceImport(device="mtime", permissions="R")


@dataclass(frozen=True, slots=True)
class Generated:
    """By compartment: its source, its `Expect` steps and its `Say` texts (with their number of values) in the order of
    the numbers that observe_expect and observe_say get, and imports that only moving and reading the clock need.
    """

    sources: dict[str, list[Source]]
    checks: dict[str, tuple[CheckPoint, ...]]
    texts: dict[str, tuple[tuple[str, int], ...]]
    grants: dict[str, tuple[Import, ...]]


def generate(image: Image, program: Mapping[str, object], by_hand: Path | None = None) -> Generated:
    """The C of every compartment that is not the RTOS's. Raises UserError for a body that is no step program.

    Files called as a compartment in the folder `by_hand`, C or assembly, are its source instead.
    """
    found = Generated({}, {}, {}, {})
    services = {entry.owner for entry in ENTRIES.values()}
    for compartment in image.compartments:
        if compartment.name in services:
            continue
        unit = UnitText(image, compartment)
        name = compartment.name
        written = sorted(by_hand.glob(f"{name}.[cS]")) if by_hand else []
        if written:
            found.sources[name] = [Source(path) for path in written]
            found.checks[name], found.texts[name] = _checks_by_hand(name, found.sources[name]), ()
            found.grants[name] = ()
            continue
        found.sources[name] = [Source(Path(f"{name}.c"), _text(unit, program))]
        found.checks[name], found.texts[name] = tuple(unit.checks), tuple(unit.texts)
        clock = [CLOCK] if unit.clock else []
        found.grants[name] = (*clock, *([TIME] if "monotonic_time" in unit.functions else []))
    return found


def _checks_by_hand(name: str, sources: list[Source]) -> tuple[CheckPoint, ...]:
    """From comments `CHECK 0: text` at calls of observe_expect with that number."""
    texts = dict(pair for source in sources for pair in CHECK_BY_HAND.findall(source.read()))
    return tuple(CheckPoint(name, texts.get(str(number), "")) for number in range(len(texts)))


def firmware(scenario: Scenario, config: SocConfig = SAFE, **more) -> tuple[System, Generated]:
    """A scenario with the RTOS as firmware; `more` goes to `build`, and sources in it replace generated ones."""
    generated = generate(scenario.image, scenario.program, BY_HAND / scenario.id)
    sources = generated.sources | more.pop("sources", {})
    return build(scenario.image, sources, config=config, grants=generated.grants, **more), generated


def _text(unit: UnitText, program: Mapping[str, object]) -> str:
    compartment = unit.compartment
    bodies: list[str] = []
    prototypes: list[str] = []
    for export in compartment.exports:
        name = f"{compartment.name}.{export.name}"
        body = Body(unit, export.name, _steps(program, name))
        parameters = [f"a{index}" for index in range(export.arguments)]
        head = entry_head(compartment, export)
        prototypes.append(f"uintptr_t {head}({', '.join('uintptr_t' for _ in parameters) or 'void'});")
        bodies += [*body.function(head, parameters), ""]
    for name, function in HANDLERS.items():
        if f"{compartment.name}.{name}" in program:
            bodies += _handler(unit, program, name, function)
    lines = [
        *(f"#include <{header}>" for header in _includes(unit)),
        "",
        *(_word(word) for word in compartment.globals),
        "",
        *prototypes,
        "",
        *bodies,
    ]
    return "\n".join(lines)


def _steps(program: Mapping[str, object], name: str) -> tuple:
    body = program.get(name)
    if body is None:
        raise UserError(f"{name} has no body in the program; add one")
    if callable(body):
        raise UserError(f"{name} is written in Python, which has no C; write it as steps or give its C source")
    return body  # type: ignore[return-value]


def _handler(unit: UnitText, program, name: str, function: str) -> list[str]:
    """The handler's steps, and the frame moved on behind the instruction that faulted if they ask to resume."""
    body = Body(unit, name, _steps(program, f"{unit.compartment.name}.{name}"))
    steps = body.function(f"static {name}_steps", ["a0", "a1"])
    steps = [line.replace("uintptr_t static", "static uintptr_t") for line in steps]
    answer = f"{name}_steps(mcause, scenario_cause(mcause, mtval))"
    if name == "error_handler":
        return [
            *steps,
            f"enum ErrorRecoveryBehaviour {function}(struct ErrorState *frame, size_t mcause, size_t mtval)",
            "{",
            f"\tif ({answer})",
            "\t\treturn ForceUnwind;",
            "\tframe->pcc = scenario_behind(frame->pcc);",
            "\treturn InstallContext;",
            "}",
            "",
        ]
    return [
        *steps,
        f"enum ErrorRecoveryBehaviour {function}(size_t mcause, size_t mtval)",
        "{",
        f"\treturn {answer} ? ForceUnwind : InstallContext;",
        "}",
        "",
    ]


def _includes(unit: UnitText) -> list[str]:
    known = headers()
    found = ["scenario.h"]
    for name in sorted(unit.functions):
        header = known.functions[name].header if name in known.functions else known.macros.get(name)
        if header is None:
            raise UserError(f"compartment {unit.compartment.name!r}: no header of the RTOS declares {name}")
        found.append(header)
    return list(dict.fromkeys(found))


def _word(word: Word) -> str:
    values = ", ".join(str(byte) for byte in word.init)
    start = f" = {{{values}}}" if any(word.init) else ""
    return f"_Alignas({8 if word.size >= 8 else 4}) uint8_t {word_name(word.name)}[{word.size}]{start};"
