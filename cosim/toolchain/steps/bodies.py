"""A step program as a C function. Blocks that run under a scope or with interrupts off become functions of their own.

Variables are `uintptr_t` locals; in a body with such blocks they are the members of one record on the stack, since a
fault must not lose what was assigned before it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from cosim.errors import UserError
from cosim.toolchain.steps.expressions import RETURN_PATH, Scope, identifier
from cosim.toolchain.steps.headers import Declared, headers
from rtos_model.services.image import Compartment, Export, Image, Posture
from rtos_model.services.interpreter import text
from rtos_model.services.registry import ENTRIES
from rtos_model.services.steps import (
    Advance,
    Disabled,
    Do,
    During,
    Expect,
    If,
    Invoke,
    Leave,
    Let,
    Limit,
    Local,
    Panic,
    Put,
    PutCap,
    Raise,
    Repeat,
    Return,
    ReturnPath,
    Say,
    Step,
    While,
    Yield,
    walk,
)

MOST_SAID = 4
SETTLE = "scenario_settle();"
CLOCK = "MMIO_CAPABILITY_WITH_PERMISSIONS(uint32_t, simulation_clock, false, true, false, false)"
STORES = {1: "uint8_t", 2: "uint16_t", 4: "uint32_t"}


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


class Body:
    """Generates one function and its blocks."""

    def __init__(self, unit: UnitText, name: str, steps: tuple[Step, ...]):
        self.unit, self.name, self.steps = unit, name, steps
        self.place = f"{unit.compartment.name}.{name}"
        self.boxed = any(isinstance(one, During | Disabled) for one in walk(steps))
        self.variables: list[str] = []
        self.scope = Scope(unit.compartment, self.place, self._variable, unit.functions.add)
        self.blocks: list[list[str]] = []
        self.declared: list[list[str]] = [[]]
        self.count = 0
        self.wants_high = {
            one[: -len(".high")]
            for step in walk(steps)
            for one in _names(step)
            if one.endswith(".high")
        }  # fmt: skip

    # ---------------------------------------------------------------------- variables

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

    # ---------------------------------------------------------------------- functions

    def function(self, head: str, parameters: list[str], *, result: str = "uintptr_t") -> list[str]:
        """The whole text: record, blocks, function. `parameters` are variables; `head` names all but the list."""
        start = []
        if any(isinstance(one, ReturnPath) for one in walk(self.steps)):
            start = [self._store(RETURN_PATH, "scenario_return_path()")]
        lines = [*start, *self._block(self.steps)]
        given = ", ".join(f"uintptr_t p_{name}" for name in parameters) or "void"
        out: list[str] = []
        record = f"{identifier(self.name)}_variables"
        if self.boxed:
            out += [f"struct {record} {{", "\tvolatile uintptr_t done, result;"]
            out += [f"\tvolatile uintptr_t {name};" for name in self.variables] + ["};"]
        for block in self.blocks:
            out += block
        out += [f"{result} {head}({given})", "{"]
        if self.boxed:
            out += [f"\tstruct {record} all = {{0}};", f"\tstruct {record} *f = &all;"]
        else:
            out += [f"\tuintptr_t {name} = 0;" for name in self.variables]
        out += [f"\t{one}" for one in self.declared[0]]
        used = [name for name in parameters if f"v_{name}" in self.variables]
        out += [f"\t{self._variable(name)} = p_{name};" for name in used]
        return [*out, *(f"\t{line}" for line in lines), "\treturn 0;", "}"]

    def _nested(self, steps: tuple[Step, ...], mark: str) -> str:
        """A function of its own for a block; returns its name."""
        name = f"{identifier(self.name)}_{self._fresh('block')}"
        record = f"struct {identifier(self.name)}_variables"
        self.declared.append([])
        lines = self._block(steps, nested=True)
        declared = self.declared.pop()
        out = [f"static {mark}void {name}(void *argument)", "{", f"\t{record} *f = argument;"]
        out += [f"\t{line}" for line in (*declared, *lines)]
        self.blocks.append([*out, "}"])
        return name

    def _block(self, steps: tuple[Step, ...], nested: bool = False) -> list[str]:
        return [line for step in steps for line in self._step(step, nested)]

    # ---------------------------------------------------------------------- steps

    def _step(self, step: Step, nested: bool) -> Iterator[str]:
        c, number = self.scope.c, self.scope.number
        match step:
            case Let(name, value):
                yield self._store(name, c(value))
            case Local(name, size):
                home = self._fresh("local")
                self.declared[-1].append(f"_Alignas(8) char {home}[{size}];")
                yield self._store(name, f"(uintptr_t){home}")
            case Limit(name, ticks):
                home = self._fresh("limit")
                self.declared[-1].append(f"Timeout {home};")
                yield f"{home}.elapsed = 0;"
                yield f"{home}.remaining = {number(ticks)};"
                yield self._store(name, f"(uintptr_t)&{home}")
            case Put(pointer, value, offset, size):
                yield f"*(volatile {STORES[size]} *)({self.scope.at(pointer, offset)}) = {number(value)};"
            case PutCap(pointer, value, offset):
                yield f"*(volatile uintptr_t *)({self.scope.at(pointer, offset)}) = {c(value)};"
            case Do(function, arguments, into):
                yield from self._do(function, arguments, into)
            case Invoke(callback, arguments, into):
                target = f"(ScenarioEntry{len(arguments)})({c(callback)})"
                yield from self._entry(target, [c(one) for one in arguments], into)
            case Expect(value, equals):
                self.unit.checks.append(CheckPoint(self.place, text(value)))
                index = len(self.unit.checks) - 1
                yield f"observe_expect({c(value)}, {c(equals)}, {index});"
            case If(condition, then, otherwise):
                yield f"if ({number(condition)}) {{"
                yield from _indented(self._block(then, nested))
                if otherwise:
                    yield "} else {"
                    yield from _indented(self._block(otherwise, nested))
                yield "}"
            case While(condition, body):
                yield f"while ({number(condition)}) {{"
                yield from _indented(self._block(body, nested))
                yield "}"
            case Repeat(times, body, counter):
                index = self._fresh("round")
                yield f"for (uint32_t {index} = 0; {index} < {times}U; {index}++) {{"
                if counter is not None:
                    yield f"\t{self._store(counter, index)}"
                yield from _indented(self._block(body, nested))
                yield "}"
            case Advance(cycles):
                self.unit.clock = True
                yield f"{CLOCK}[0] = {number(cycles)};"
                yield SETTLE
            case Raise(number_of):
                self.unit.clock = True
                yield f"{CLOCK}[1] = 1U << {number(number_of)};"
                yield SETTLE
            case Yield():
                yield '__asm__ volatile("ecall");'
            case Return(value):
                yield from self._return(c(value), nested)
            case Leave(path):
                yield f"scenario_leave({c(path)});"
            case Panic():
                yield '__asm__ volatile(".half 0");'
            case Disabled(body):
                yield f"{self._nested(body, '__cheriot_interrupts(disabled) ')}(f);"
                yield from self._returned(nested)
            case During(body, handler):
                self.unit.functions.add("unwind_protect")
                yield f"if (unwind_protect({self._nested(body, '')}, f)) {{"
                yield from _indented(self._block(handler, nested))
                yield "}"
                yield from self._returned(nested)
            case Say(words, values):
                yield from self._say(words, [c(one) for one in values])
            case _:
                raise UserError(f"{self.place}: {step!r} has no C")

    def _return(self, value: str, nested: bool) -> Iterator[str]:
        if not nested:
            yield f"return {value};"
            return
        yield "{"
        yield f"\tf->result = {value};"
        yield "\tf->done = 1;"
        yield "\treturn;"
        yield "}"

    @staticmethod
    def _returned(nested: bool) -> Iterator[str]:
        """Go on returning if the block did."""
        yield "if (f->done)"
        yield "\treturn;" if nested else "\treturn f->result;"

    def _say(self, words: str, values: list[str]) -> Iterator[str]:
        if len(values) > MOST_SAID:
            raise UserError(f"{self.place}: Say({words!r}) has {len(values)} values; at most {MOST_SAID}")
        self.unit.texts.append((words, len(values)))
        padded = [*values, *["0"] * (MOST_SAID - len(values))]
        yield f"observe_say({len(self.unit.texts) - 1}, {', '.join(padded)});"

    # ---------------------------------------------------------------------- calls

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


def entry_head(compartment: Compartment, export: Export) -> str:
    posture = "__cheriot_interrupts(disabled) " if export.posture is Posture.DISABLED else ""
    return f'{posture}__cheri_compartment("{compartment.name}") {export.name}'


def _names(step: object) -> Iterator[str]:
    """Variables among a record's fields."""
    for name in getattr(step, "__slots__", ()):
        value = getattr(step, name)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, str):
                yield one


def _indented(lines: list[str]) -> Iterator[str]:
    return (f"\t{line}" for line in lines)
