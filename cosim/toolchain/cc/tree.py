"""The typed tree that semantic analysis hands to lowering; every conversion is explicit in it."""

from __future__ import annotations

from dataclasses import dataclass, field

from cosim.toolchain.cc.diagnostics import Place
from cosim.toolchain.cc.types import CType, Field, FuncType


@dataclass(slots=True, eq=False)
class Local:
    """A local variable or parameter. Not `in_memory` means it can live in registers."""

    name: str
    type: CType
    place: Place
    in_memory: bool = False
    align: int = 0


@dataclass(slots=True)
class Attributes:
    """What attributes said about a function or object; None and False mean nothing was said.

    `interrupts` is "enabled", "disabled" or "inherit"; `minimum_stack` counts bytes.
    """

    compartment: str | None = None
    libcall: bool = False
    callback: bool = False
    interrupts: str | None = None
    minimum_stack: int | None = None
    section: str | None = None
    aligned: int = 0
    packed: bool = False
    transparent: bool = False
    noinline: bool = False
    always_inline: bool = False
    noreturn: bool = False
    used: bool = False
    weak: bool = False


@dataclass(slots=True, eq=False)
class Global:
    """A function or an object with static storage; `label` is its name in assembly."""

    name: str
    type: CType
    place: Place
    label: str
    static: bool = False
    defined: bool = False
    attributes: Attributes = field(default_factory=Attributes)
    init: list[InitItem] | None = None
    tentative: bool = False
    read_only: bool = False
    mergeable: bool = False


@dataclass(slots=True, eq=False)
class Expr:
    place: Place
    type: CType


@dataclass(slots=True, eq=False)
class Const(Expr):
    """An integer or null-derived pointer constant, already wrapped to its type."""

    value: int


@dataclass(slots=True, eq=False)
class LocalRef(Expr):
    """A local variable as an lvalue."""

    var: Local


@dataclass(slots=True, eq=False)
class GlobalRef(Expr):
    """A global object as an lvalue, or a function designator."""

    symbol: Global


@dataclass(slots=True, eq=False)
class Deref(Expr):
    """What a pointer points to, as an lvalue."""

    pointer: Expr


@dataclass(slots=True, eq=False)
class Member(Expr):
    """A member of a record, `offset` bytes into it."""

    base: Expr
    field: Field
    offset: int


@dataclass(slots=True, eq=False)
class CompoundLiteral(Expr):
    """An unnamed local, initialised each time it is met."""

    var: Local
    items: list[InitItem]


@dataclass(slots=True, eq=False)
class AddressOf(Expr):
    """Address of an lvalue or function; of an array it is the decayed pointer."""

    lvalue: Expr


@dataclass(slots=True, eq=False)
class Unary(Expr):
    """`op` is '-' or '~', on a promoted integer."""

    op: str
    value: Expr


@dataclass(slots=True, eq=False)
class Binary(Expr):
    """+ - * / % & | ^ << >> on operands of the node's type (a shift count is any 32-bit integer)."""

    op: str
    left: Expr
    right: Expr


@dataclass(slots=True, eq=False)
class PointerAdd(Expr):
    """pointer + index * scale (minus with `subtract`); index is a 32-bit integer."""

    pointer: Expr
    index: Expr
    scale: int
    subtract: bool


@dataclass(slots=True, eq=False)
class PointerDiff(Expr):
    """(left - right) / scale."""

    left: Expr
    right: Expr
    scale: int


@dataclass(slots=True, eq=False)
class Compare(Expr):
    """== != < <= > >= on operands of one type."""

    op: str
    left: Expr
    right: Expr


@dataclass(slots=True, eq=False)
class Logical(Expr):
    """&& or ||."""

    op: str
    left: Expr
    right: Expr


@dataclass(slots=True, eq=False)
class Conditional(Expr):
    """`yes` and `no` have the node's type."""

    cond: Expr
    yes: Expr
    no: Expr


@dataclass(slots=True, eq=False)
class Comma(Expr):
    """`left` is evaluated for its effects."""

    left: Expr
    right: Expr


@dataclass(slots=True, eq=False)
class Assign(Expr):
    """`value` has the lvalue's type."""

    lvalue: Expr
    value: Expr


@dataclass(slots=True, eq=False)
class Hole(Expr):
    """Stands for the value of an Update's lvalue inside its result."""


@dataclass(slots=True, eq=False)
class Update(Expr):
    """Compound assignment: `result` computes the new value from `hole`; `old` asks for the value before."""

    lvalue: Expr
    hole: Hole
    result: Expr
    old: bool


@dataclass(slots=True, eq=False)
class Cast(Expr):
    """Conversion of value to the node's type."""

    value: Expr


@dataclass(slots=True, eq=False)
class Call(Expr):
    """`function` is a GlobalRef to a function or a pointer value."""

    function: Expr
    signature: FuncType
    args: list[Expr]


@dataclass(slots=True, eq=False)
class Builtin(Expr):
    """A compiler builtin by name."""

    name: str
    args: list[Expr]


@dataclass(slots=True, eq=False)
class CallPair(Expr):
    """A call of which both result registers are stored, as capabilities, through `out`."""

    out: Expr
    call: Call


@dataclass(slots=True, eq=False)
class Import(Expr):
    """The capability in a slot of the compartment's import table, named as the linker names it."""

    slot: str


@dataclass(slots=True, eq=False)
class VaArg(Expr):
    """The next variadic argument of a va_list lvalue."""

    list: Expr


@dataclass(slots=True, eq=False)
class StatementExpr(Expr):
    """({ ... }); `value` is the last expression or None."""

    body: Block
    value: Expr | None


@dataclass(slots=True, eq=False)
class InitItem:
    """One scalar or record stored at `offset` of the object; `field` only for bit-fields."""

    offset: int
    type: CType
    value: Expr
    field: Field | None = None


@dataclass(slots=True, eq=False)
class Stmt:
    place: Place


@dataclass(slots=True, eq=False)
class Eval(Stmt):
    """An expression for its effects."""

    value: Expr


@dataclass(slots=True, eq=False)
class Declare(Stmt):
    """A local comes to life; `items` is None without initialiser."""

    var: Local
    items: list[InitItem] | None


@dataclass(slots=True, eq=False)
class Block(Stmt):
    """Statements in order."""

    body: list[Stmt]


@dataclass(slots=True, eq=False)
class If(Stmt):
    """`no` may be None."""

    cond: Expr
    yes: Stmt
    no: Stmt | None


@dataclass(slots=True, eq=False)
class Loop(Stmt):
    """while, do and for: `first` tests the condition before the first round."""

    cond: Expr | None
    body: Stmt
    step: Expr | None
    first: bool


@dataclass(slots=True, eq=False)
class Case(Stmt):
    """The place in a switch body that one value jumps to."""

    value: int


@dataclass(slots=True, eq=False)
class Default(Stmt):
    """The place in a switch body for all other values."""


@dataclass(slots=True, eq=False)
class Switch(Stmt):
    """`cases` lists the Case statements inside `body`."""

    value: Expr
    body: Stmt
    cases: list[Case]
    default: Default | None


@dataclass(slots=True, eq=False)
class Break(Stmt):
    """Leave the innermost loop or switch."""


@dataclass(slots=True, eq=False)
class Continue(Stmt):
    """Next round of the innermost loop."""


@dataclass(slots=True, eq=False)
class Return(Stmt):
    """`value` may be None."""

    value: Expr | None


@dataclass(slots=True, eq=False)
class Label(Stmt):
    """A goto target in front of the next statement."""

    name: str


@dataclass(slots=True, eq=False)
class Goto(Stmt):
    """Jump to a label of the function."""

    name: str


@dataclass(slots=True, eq=False)
class Asm(Stmt):
    """Inline assembly; each operand is (name or None, constraint, expression)."""

    text: str
    outputs: list[tuple[str | None, str, Expr]]
    inputs: list[tuple[str | None, str, Expr]]
    clobbers: list[str]


@dataclass(slots=True, eq=False)
class Function:
    symbol: Global
    type: FuncType
    params: list[Local]
    body: Block


@dataclass(slots=True)
class Unit:
    """A translation unit: functions with bodies, and every global in order of appearance.

    `compartment` is the compartment or library it is compiled for, None for bare metal.
    """

    functions: list[Function] = field(default_factory=list)
    globals: list[Global] = field(default_factory=list)
    compartment: str | None = None
