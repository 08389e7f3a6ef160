"""Runs step programs on the model. Each step is one guarded operation, so that an error handler may resume after it."""

import operator
from collections.abc import Callable
from dataclasses import dataclass

from rtos_model.machine.capability import Cap
from rtos_model.services.code_pointers import is_return_path, pointer_to, return_path
from rtos_model.services.errors import Cause, ServiceModelError, Trap
from rtos_model.services.pointers import LETTERS, Value, as_cap, as_int, digest, permission_mask
from rtos_model.services.steps import (
    Advance,
    Ask,
    At,
    Callback,
    Disabled,
    Do,
    During,
    Expect,
    Expression,
    Function,
    Get,
    GetCap,
    If,
    Imported,
    Invoke,
    Leave,
    Let,
    Limit,
    Local,
    Narrow,
    Now,
    Op,
    Panic,
    Put,
    PutCap,
    Raise,
    Repeat,
    Return,
    ReturnPath,
    Say,
    Step,
    Untagged,
    Var,
    While,
    Yield,
)

Variables = dict[str, Value]
STEP_LIMIT = 2_000_000

OPERATORS: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": operator.lshift,
    ">>": operator.rshift,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
}
QUESTIONS: dict[str, Callable[[Cap], int]] = {
    "tag": lambda c: int(c.tag),
    "length": lambda c: c.length,
    "offset": lambda c: c.address - c.bounds()[0],
    "permissions": lambda c: int(c.permissions),
    "otype": lambda c: c.otype,
    "sealed": lambda c: int(c.sealed),
    "bits": lambda c: c.address & 7,
}


@dataclass(frozen=True, slots=True)
class Check:
    """One `Expect` that was reached: who, where, what came and what should have come."""

    thread: str
    place: str
    text: str
    got: object
    wanted: object

    @property
    def holds(self) -> bool:
        return self.got == self.wanted

    def __str__(self) -> str:
        return f"{self.thread} in {self.place}: {self.text} is {self.got}, expected {self.wanted}"


class _Return(Exception):
    def __init__(self, value: Value):
        super().__init__()
        self.value = value


def run(ctx, body: tuple[Step, ...], arguments: tuple[Value, ...]):
    """A generator that plays a body and gives its result."""
    variables: Variables = {f"a{n}": value for n, value in enumerate(arguments)}
    ctx.kernel.registers.append(variables)
    try:
        yield from _block(ctx, body, variables)
    except _Return as done:
        return done.value
    finally:
        registers = ctx.kernel.registers
        registers[:] = [one for one in registers if one is not variables]  # others may be equal
    return 0


def _block(ctx, body: tuple[Step, ...], variables: Variables):
    for step in body:
        ctx.kernel.steps_done += 1
        if ctx.kernel.steps_done > STEP_LIMIT:
            raise ServiceModelError(f"{ctx.tcb.name}: {STEP_LIMIT} steps without an end, now at {step}; bound the loop")
        yield from _step(ctx, step, variables)


def _value(ctx, expression: Expression, variables: Variables):
    """Evaluate in a guarded way; 0 when the handler resumed behind a faulting access."""
    result = yield from ctx.guarded(lambda: evaluate(ctx, expression, variables))
    return 0 if result is None else result


def _step(ctx, step: Step, variables: Variables):
    match step:
        case Let(name, value):
            variables[name] = yield from _value(ctx, value, variables)
        case Local(name, size):
            variables[name] = yield from _guard(ctx, lambda: ctx.local(size))
        case Limit(name, ticks):
            variables[name] = yield from _guard(ctx, lambda: ctx.timeout(ticks))
        case Put(pointer, value, offset, size):
            yield from _guard(
                ctx,
                lambda: ctx.store(
                    evaluate(ctx, pointer, variables), as_int(evaluate(ctx, value, variables)), offset, size
                ),
            )
        case PutCap(pointer, value, offset):
            yield from _guard(
                ctx,
                lambda: ctx.store_cap(
                    evaluate(ctx, pointer, variables), as_cap(evaluate(ctx, value, variables)), offset
                ),
            )
        case Do(function, expressions, into):
            arguments = yield from _guard(ctx, lambda: tuple(evaluate(ctx, e, variables) for e in expressions))
            result = yield from ctx.call(function, *(arguments or ()))
            _called(ctx, variables, into, result)
        case Invoke(callback, expressions, into):
            values = yield from _guard(
                ctx, lambda: tuple(evaluate(ctx, e, variables) for e in (callback, *expressions))
            )
            result = yield from ctx.invoke(*(values or (0,)))
            _called(ctx, variables, into, result)
        case Expect(value, equals):
            got = yield from _value(ctx, value, variables)
            wanted = yield from _value(ctx, equals, variables)
            place = f"{ctx.compartment}.{ctx.frame.entry}"
            ctx.kernel.checks.append(Check(ctx.tcb.name, place, text(value), digest(got), digest(wanted)))
        case If(condition, then, otherwise):
            chosen = then if as_int((yield from _value(ctx, condition, variables))) else otherwise
            yield from _block(ctx, chosen, variables)
        case While(condition, body):
            while as_int((yield from _value(ctx, condition, variables))):
                yield from _block(ctx, body, variables)
        case Repeat(times, body, counter):
            for index in range(times):
                if counter is not None:
                    variables[counter] = index
                yield from _block(ctx, body, variables)
        case Advance(cycles):
            yield from ctx.advance(cycles)
        case Raise(number):
            yield from ctx.raise_interrupt(number)
        case Yield():
            yield from ctx.yield_()
        case Return(value):
            raise _Return((yield from _value(ctx, value, variables)))
        case Leave(path):
            if (yield from _guard(ctx, lambda: is_return_path(evaluate(ctx, path, variables)))):
                raise _Return(0)
        case Panic():
            yield from _guard(ctx, _panic)
        case Disabled(body):
            yield from ctx.interrupts_disabled(_block(ctx, body, variables))
        case During(body, handler):
            yield from ctx.during(lambda: _block(ctx, body, variables), lambda: _block(ctx, handler, variables))
        case Say(words, values):
            shown = []
            for one in values:
                shown.append(str(digest((yield from _value(ctx, one, variables)))))
            ctx.kernel.say(" ".join([f"{ctx.tcb.name}: {words}", *shown]))


def _guard(ctx, operation: Callable[[], object]):
    return (yield from ctx.guarded(operation))


def _panic() -> None:
    raise Trap(Cause.ILLEGAL_INSTRUCTION)


def _called(ctx, variables: Variables, into: str | None, result: object) -> None:
    """Bind the result; registers are through the load filter by the time a call is back (HP-43)."""
    first, second = result if isinstance(result, tuple) else (result, 0)
    if into is not None:
        variables[into] = 0 if first is None else first
        variables[into + ".high"] = second
    ctx.kernel.filter_registers()


def evaluate(ctx, expression: Expression, variables: Variables) -> Value:
    """The value of an expression; a refused access raises Trap."""
    match expression:
        case int():
            return expression
        case str():
            if expression not in variables:
                place = f"{ctx.compartment}.{ctx.frame.entry}"
                raise ServiceModelError(f"{place}: variable {expression!r} has no value yet; bind it first")
            return variables[expression]
        case Op(name, a, b):
            left, right = (as_int(evaluate(ctx, one, variables)) for one in (a, b))
            return int(OPERATORS[name](left, right)) & 0xFFFF_FFFF
        case Var(name):
            return ctx.word(name)
        case Imported(name):
            return ctx.imported(name)
        case Callback(function):
            return ctx.callback(function)
        case Function(name):
            return pointer_to(ctx, name)
        case Get(pointer, offset, size):
            return ctx.load(evaluate(ctx, pointer, variables), offset, size)
        case GetCap(pointer, offset):
            return ctx.load_cap(evaluate(ctx, pointer, variables), offset)
        case Narrow(pointer, move, length, keep):
            cap = as_cap(evaluate(ctx, pointer, variables))
            step = as_int(evaluate(ctx, move, variables))
            cap = cap.with_address((cap.address + step) & 0xFFFF_FFFF) if step else cap
            cap = cap.with_bounds(length) if length is not None else cap
            return cap.with_permissions(permission_mask(keep)) if keep is not None else cap
        case Untagged(pointer):
            return as_cap(evaluate(ctx, pointer, variables)).without_tag()
        case Ask(what, pointer):
            return QUESTIONS[what](as_cap(evaluate(ctx, pointer, variables)))
        case At(cycles):
            return ctx.kernel.clock.now + cycles
        case Now():
            return ctx.kernel.clock.now & 0xFFFF_FFFF
        case ReturnPath():
            return return_path(ctx)
    raise ServiceModelError(f"{expression!r} is no expression")


def text(expression: Expression) -> str:
    """An expression for people."""
    match expression:
        case Op(name, a, b):
            return f"({text(a)} {name} {text(b)})"
        case Var(name):
            return f"&{name}"
        case Get(pointer, offset, _) | GetCap(pointer, offset):
            return f"{text(pointer)}[{offset}]"
        case Ask(what, pointer):
            return f"{what}({text(pointer)})"
    return str(expression)


def letters(permissions: str) -> int:
    """Permission letters as the number `Ask("permissions", ...)` gives."""
    return int(permission_mask("".join(sorted(permissions, key=LETTERS.index))))
