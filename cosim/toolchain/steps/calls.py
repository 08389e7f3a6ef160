"""Calls and variables in generated functions: services as their headers declare them, entries through the switcher."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from cosim.errors import UserError
from cosim.toolchain.steps.expressions import Scope, identifier
from cosim.toolchain.steps.headers import Declared, headers
from rtos_model.services.image import Compartment, Export, Image
from rtos_model.services.registry import ENTRIES
from rtos_model.services.steps import Disabled, During, Step, walk


@dataclass(frozen=True, slots=True)
class CheckPoint:
    """An `Expect`, by its number in the firmware's reports."""

    place: str
    text: str


@dataclass(slots=True)
class UnitText:
    """What the bodies of a compartment share: numbers of checks and texts, in order, and what its code uses."""

    image: Image
    compartment: Compartment
    checks: list[CheckPoint] = field(default_factory=list)
    texts: list[tuple[str, int]] = field(default_factory=list)
    functions: set[str] = field(default_factory=set)
    clock: bool = False


class Function:
    """A function in the making: its variables, and the text of calls that store into them."""

    def __init__(self, unit: UnitText, name: str, steps: tuple[Step, ...]):
        self.unit, self.name, self.steps = unit, name, steps
        self.place = f"{unit.compartment.name}.{name}"
        self.boxed = any(isinstance(one, During | Disabled) for one in walk(steps))
        self.variables: list[str] = []
        self.scope = Scope(unit.compartment, self.place, self._variable, unit.functions.add)
        self.count = 0
        self.wants_high = {
            one[: -len(".high")]
            for step in walk(steps)
            for one in _names(step)
            if one.endswith(".high")
        }  # fmt: skip

    def _variable(self, name: str) -> str:
        short = f"v_{identifier(name)}"
        if short not in self.variables:
            self.variables.append(short)
        return f"f->{short}" if self.boxed else short

    def _fresh(self, what: str) -> str:
        self.count += 1
        return f"{what}_{self.count}"

    def _store(self, name: str, value: str) -> str:
        return f"{self._variable(name)} = {value};"

    def _do(self, function: str, arguments: tuple, into: str | None) -> Iterator[str]:
        values = [self.scope.c(one) for one in arguments]
        if function in ENTRIES:
            yield from self._service(function, values, into)
            return
        owner, _, name = function.partition(".")
        export = self._export(owner, name)
        values += ["0"] * (export.arguments - len(values))
        target = f'(ScenarioEntry{len(values)})__builtin_cheriot_import("entry", "{owner}", "{name}")'
        yield from self._entry(target, values, into)

    def _export(self, owner: str, name: str) -> Export:
        for one in self.unit.image.compartments:
            for export in one.exports:
                if (one.name, export.name) == (owner, name):
                    return export
        raise UserError(f"{self.place}: {owner}.{name} is not exported; add an Export")

    def _entry(self, target: str, values: list[str], into: str | None) -> Iterator[str]:
        call = f"(({target})({', '.join(values)}))"
        if into in self.wants_high:
            yield from self._pair(call[1:-1], into)
        else:
            yield f"{call};" if into is None else self._store(into, call)

    def _pair(self, call: str, into: str) -> Iterator[str]:
        """Both result registers, whatever the call's type says."""
        pair = self._fresh("pair")
        yield f"uintptr_t {pair}[2];"
        yield f"__builtin_cheriot_call_pair({pair}, {call});"
        yield self._store(into, f"{pair}[0]")
        yield self._store(f"{into}.high", f"{pair}[1]")

    def _service(self, function: str, values: list[str], into: str | None) -> Iterator[str]:
        self.unit.functions.add(function)
        known = headers()
        declared = known.functions.get(function)
        if declared is None:
            if function not in known.macros:
                reasons = "; ".join(text.splitlines()[0] for text in known.broken.values())
                raise UserError(
                    f"{self.place}: no header of the RTOS declares {function}" + (f" ({reasons})" if reasons else "")
                )
            call = f"{function}({', '.join(values)})"
            yield f"{call};" if into is None else self._store(into, f"(uintptr_t)({call})")
            return
        if len(declared.parameters) != len(values):
            raise UserError(
                f"{self.place}: {function} takes {len(declared.parameters)} arguments in {declared.header}, "
                f"the step gives {len(values)}"
            )
        given = [self._argument(p.kind, v) for p, v in zip(declared.parameters, values, strict=True)]
        call = f"{function}({', '.join(given)})"
        yield from self._result(declared, call, into)

    @staticmethod
    def _argument(kind: str, value: str) -> str:
        return {
            "integer": f"(uint32_t)({value})",
            "wide": f"scenario_narrow({value})",
            "pointer": f"(void *)({value})",
            "timeout": f"scenario_timeout({value})",
        }[kind]

    def _result(self, declared: Declared, call: str, into: str | None) -> Iterator[str]:
        if into is None or declared.result == "void":
            yield f"{call};"
            if into is not None:
                yield self._store(into, "0")
            return
        if declared.result in ("wide", "words"):
            both = self._fresh("both")
            yield f"union {{ __typeof__({call}) whole; uint32_t words[2]; }} {both} = {{{call}}};"
            yield self._store(into, f"(uintptr_t){both}.words[0]")
            if into in self.wants_high:
                yield self._store(f"{into}.high", f"(uintptr_t){both}.words[1]")
            return
        if into in self.wants_high:
            yield from self._pair(call, into)
        else:
            yield self._store(into, f"(uintptr_t){'(uint32_t)' if declared.result == 'integer' else ''}{call}")


def _names(step: object) -> Iterator[str]:
    """Variables among a record's fields."""
    for name in getattr(step, "__slots__", ()):
        value = getattr(step, name)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, str):
                yield one
