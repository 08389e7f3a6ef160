"""A step program as a C function. Blocks that run under a scope or with interrupts off become functions of their own.

Variables are `uintptr_t` locals; in a body with such blocks they are the members of one record on the stack, since a
fault must not lose what was assigned before it.
"""

from collections.abc import Iterator

from cosim.errors import UserError
from cosim.toolchain.steps.calls import CheckPoint, Function, UnitText
from cosim.toolchain.steps.expressions import RETURN_PATH, identifier
from rtos_model.services.image import Compartment, Export, Posture
from rtos_model.services.interpreter import text
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


class Body(Function):
    """Generates one function and its blocks."""

    def __init__(self, unit: UnitText, name: str, steps: tuple[Step, ...]):
        super().__init__(unit, name, steps)
        self.blocks: list[list[str]] = []
        self.declared: list[list[str]] = [[]]

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


def entry_head(compartment: Compartment, export: Export) -> str:
    posture = "__cheriot_interrupts(disabled) " if export.posture is Posture.DISABLED else ""
    return f'{posture}__cheri_compartment("{compartment.name}") {export.name}'


def _indented(lines: list[str]) -> Iterator[str]:
    return (f"\t{line}" for line in lines)
