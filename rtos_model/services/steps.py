"""The step language: what scenario threads do, as data that the model interprets and a generator turns into C.

A body is a tuple of steps; its variables are local, hold a 32-bit number or a capability (in C: `uintptr_t`), and start
as the arguments `a0`, `a1` ... An expression is a number, a variable's name, or one of the expression records below.
Every record is frozen and made of plain values only; `to_data` and `from_data` convert to and from JSON-like data.

| step | in C |
| --- | --- |
| Let(name, e) | `name = e;` |
| Local(name, size) | `char name[size]` on the stack, 8-aligned |
| Limit(name, ticks) | `Timeout name = {0, ticks}` on the stack; `name` is its address |
| Put / PutCap(pointer, value, offset, size) | a store of a number / a capability |
| do(function, *arguments, into=...) | a call, result in `into` |
| invoke(callback, *arguments, into=...) | a call through a callback pointer |
| do("run_once", word, Function("f")) | an ordinary function pointer as an argument |
| Expect(e, equals) | a check; the run fails if it does not hold |
| If, While, Repeat | `if`, `while`, `for` |
| Advance(cycles), Raise(number) | stores to simulation control: time passes, an interrupt arrives |
| Yield(), Return(e), Panic() | environment call, return, illegal instruction |
| Leave(ReturnPath()) | a jump with result 0 through `__builtin_return_address(0)`, or through one that was leaked |
| Disabled(body) | a block run with interrupts disabled |
| During(body, handler) | CHERIOT_DURING / CHERIOT_HANDLER |
| say(text, *expressions) | a line of output, for people |
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from rtos_model.services.errors import ServiceModelError

# ------------------------------------------------------------------------------------------- expressions


@dataclass(frozen=True, slots=True)
class Op:
    """`a op b` on 32-bit numbers; op is one of + - * & | ^ << >> == != < <= (unsigned)."""

    op: str
    a: "Expression"
    b: "Expression"


@dataclass(frozen=True, slots=True)
class Var:
    """Address of a global variable of the compartment."""

    name: str


@dataclass(frozen=True, slots=True)
class Imported:
    """The capability of an import: a sealed object, a shared object or a device (`name` or `name:permissions`)."""

    name: str


@dataclass(frozen=True, slots=True)
class Callback:
    """Sealed pointer to an exported function of the own compartment."""

    function: str


@dataclass(frozen=True, slots=True)
class Function:
    """Plain pointer to a function of the own compartment or of a library, for an ordinary call."""

    name: str


@dataclass(frozen=True, slots=True)
class Get:
    """A load of 1, 2 or 4 bytes through a capability."""

    pointer: "Expression"
    offset: int = 0
    size: int = 4


@dataclass(frozen=True, slots=True)
class GetCap:
    """A load of a capability."""

    pointer: "Expression"
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Narrow:
    """A weaker copy: `move` added to the address, then bounds of `length` bytes, then only permissions `keep`."""

    pointer: "Expression"
    move: "Expression" = 0
    length: int | None = None
    keep: str | None = None


@dataclass(frozen=True, slots=True)
class Untagged:
    """The same bits without the tag."""

    pointer: "Expression"


@dataclass(frozen=True, slots=True)
class Ask:
    """A number about a capability: tag, length, offset (address - base), permissions, otype, sealed, bits."""

    what: str
    pointer: "Expression"


@dataclass(frozen=True, slots=True)
class At:
    """The absolute time `cycles` from now, as an untagged 64-bit time limit."""

    cycles: int


@dataclass(frozen=True, slots=True)
class Now:
    """Low word of the cycle counter."""


@dataclass(frozen=True, slots=True)
class ReturnPath:
    """The capability through which this invocation returns; local, a return sentry into the switcher."""


Expression = (
    int | str | Op | Var | Imported | Callback | Function | Get | GetCap | Narrow | Untagged | Ask | At | Now
    | ReturnPath
)  # fmt: skip

# ------------------------------------------------------------------------------------------- steps


@dataclass(frozen=True, slots=True)
class Let:
    name: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Local:
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Limit:
    name: str
    ticks: int


@dataclass(frozen=True, slots=True)
class Put:
    pointer: Expression
    value: Expression
    offset: int = 0
    size: int = 4


@dataclass(frozen=True, slots=True)
class PutCap:
    pointer: Expression
    value: Expression
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Do:
    """Made by `do`."""

    function: str
    arguments: tuple[Expression, ...] = ()
    into: str | None = None


@dataclass(frozen=True, slots=True)
class Invoke:
    """Made by `invoke`."""

    callback: Expression
    arguments: tuple[Expression, ...] = ()
    into: str | None = None


@dataclass(frozen=True, slots=True)
class Expect:
    value: Expression
    equals: Expression


@dataclass(frozen=True, slots=True)
class If:
    condition: Expression
    then: "tuple[Step, ...]"
    otherwise: "tuple[Step, ...]" = ()


@dataclass(frozen=True, slots=True)
class While:
    condition: Expression
    body: "tuple[Step, ...]"


@dataclass(frozen=True, slots=True)
class Repeat:
    """`times` rounds; `counter`, if named, counts from 0."""

    times: int
    body: "tuple[Step, ...]"
    counter: str | None = None


@dataclass(frozen=True, slots=True)
class Advance:
    cycles: int


@dataclass(frozen=True, slots=True)
class Raise:
    number: int


@dataclass(frozen=True, slots=True)
class Yield:
    pass


@dataclass(frozen=True, slots=True)
class Return:
    value: Expression = 0


@dataclass(frozen=True, slots=True)
class Leave:
    """Return, with result 0, through a return capability, the own one or a leaked one (CP-13)."""

    path: Expression


@dataclass(frozen=True, slots=True)
class Panic:
    pass


@dataclass(frozen=True, slots=True)
class Disabled:
    body: "tuple[Step, ...]"


@dataclass(frozen=True, slots=True)
class During:
    body: "tuple[Step, ...]"
    handler: "tuple[Step, ...]"


@dataclass(frozen=True, slots=True)
class Say:
    text: str
    values: tuple[Expression, ...] = ()


Step = (
    Let | Local | Limit | Put | PutCap | Do | Invoke | Expect | If | While | Repeat | Advance | Raise | Yield | Return
    | Leave | Panic | Disabled | During | Say
)  # fmt: skip
RECORDS = {
    cls.__name__: cls
    for cls in (
        Op, Var, Imported, Callback, Function, Get, GetCap, Narrow, Untagged, Ask, At, Now, ReturnPath, Let, Local,
        Limit, Put, PutCap, Do, Invoke, Expect, If, While, Repeat, Advance, Raise, Yield, Return, Leave, Panic,
        Disabled, During, Say,
    )
}  # fmt: skip


def do(function: str, *arguments: Expression, into: str | None = None) -> Do:
    """Call an RTOS function, or `compartment.function`."""
    return Do(function, arguments, into)


def invoke(callback: Expression, *arguments: Expression, into: str | None = None) -> Invoke:
    return Invoke(callback, arguments, into)


def say(text: str, *values: Expression) -> Say:
    return Say(text, values)


# ------------------------------------------------------------------------------------------- as data


def to_data(thing: object) -> object:
    """A step, an expression or a tuple of them as lists, dicts, numbers and strings."""
    if isinstance(thing, tuple):
        return [to_data(one) for one in thing]
    if dataclasses.is_dataclass(thing):
        fields = {f.name: to_data(getattr(thing, f.name)) for f in dataclasses.fields(thing)}
        return {"is": type(thing).__name__} | fields
    return thing


def from_data(data: object) -> object:
    """The inverse of `to_data`. Raises ServiceModelError for a record that does not exist."""
    if isinstance(data, list):
        return tuple(from_data(one) for one in data)
    if isinstance(data, dict):
        cls = RECORDS.get(data.get("is", ""))
        if cls is None:
            raise ServiceModelError(f"{data.get('is')!r} is no step; steps are {', '.join(RECORDS)}")
        return cls(**{name: from_data(value) for name, value in data.items() if name != "is"})
    return data


def walk(thing: object) -> Iterator[object]:
    """Every record in a body, outermost first."""
    if isinstance(thing, tuple):
        for one in thing:
            yield from walk(one)
    elif dataclasses.is_dataclass(thing):
        yield thing
        for field in dataclasses.fields(thing):
            yield from walk(getattr(thing, field.name))


def callees(body: tuple[Step, ...]) -> list[str]:
    return list(dict.fromkeys(one.function for one in walk(body) if isinstance(one, Do)))


def pointed_at(body: tuple[Step, ...]) -> list[str]:
    """Functions whose plain address is taken."""
    return list(dict.fromkeys(one.name for one in walk(body) if isinstance(one, Function)))


def imported_names(body: tuple[Step, ...]) -> list[str]:
    return list(dict.fromkeys(one.name for one in walk(body) if isinstance(one, Imported)))
