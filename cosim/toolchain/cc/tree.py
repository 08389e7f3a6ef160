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


class Expr:
    __slots__ = ("place", "type")


class Const(Expr):
    """An integer or null-derived constant, already wrapped to its type."""

    __slots__ = ("value",)

    def __init__(self, place: Place, type: CType, value: int):
        self.place, self.type, self.value = place, type, value


def _node(name: str, doc: str, *members: str) -> type:
    """An expression class with the given members after place and type."""
    source = f"def __init__(self, place, type, {', '.join(members)}):\n self.place = place\n self.type = type\n"
    source += "".join(f" self.{member} = {member}\n" for member in members)
    scope: dict = {}
    exec(source, scope)
    return type(name, (Expr,), {"__slots__": members, "__init__": scope["__init__"], "__doc__": doc})


# lvalues
LocalRef = _node("LocalRef", "A local variable as an lvalue.", "var")
GlobalRef = _node("GlobalRef", "A global object as an lvalue, or a function designator.", "symbol")
Deref = _node("Deref", "What a pointer points to, as an lvalue.", "pointer")
Member = _node("Member", "A member of a record lvalue (or of a record value).", "base", "field", "offset")
Compound = _node("Compound", "A compound literal with automatic storage.", "var", "items")

# values
AddressOf = _node("AddressOf", "Address of an lvalue or function; of an array it is the decayed pointer.", "lvalue")
Unary = _node("Unary", "op is '-' or '~', on a promoted integer.", "op", "value")
Binary = _node("Binary", "+ - * / % & | ^ << >> on operands of the node's type (shift counts are int).", "op", "left", "right")
PointerAdd = _node("PointerAdd", "pointer + index * scale; index is a 32-bit integer.", "pointer", "index", "scale", "subtract")
PointerDiff = _node("PointerDiff", "(left - right) / scale.", "left", "right", "scale")
Compare = _node("Compare", "== != < <= > >= on operands of one type.", "op", "left", "right")
Logical = _node("Logical", "&& or ||.", "op", "left", "right")
Conditional = _node("Conditional", "cond ? yes : no; yes and no have the node's type.", "cond", "yes", "no")
Comma = _node("Comma", "left is evaluated for its effects.", "left", "right")
Assign = _node("Assign", "value has the lvalue's type.", "lvalue", "value")
Update = _node(
    "Update",
    "lvalue op= operand. The lvalue is read as `calc`; `apply` maps that value expression to the new one; "
    "`old` asks for the value before (postfix forms).",
    "lvalue", "hole", "result", "old",
)
Hole = _node("Hole", "Stands for the value of an Update's lvalue inside its result.", "key")
Cast = _node("Cast", "Conversion of value to the node's type.", "value")
Call = _node("Call", "function is a GlobalRef to a function or a pointer value.", "function", "signature", "args")
Builtin = _node("Builtin", "A compiler builtin by name.", "name", "args")
VaArg = _node("VaArg", "Next variadic argument.", "list")
StatementExpr = _node("StatementExpr", "({ ... }); value is the last expression or None.", "body", "value")


@dataclass(slots=True, eq=False)
class InitItem:
    """One scalar or record stored at `offset` of the object; `field` only for bit-fields."""

    offset: int
    type: CType
    value: Expr
    field: Field | None = None


class Stmt:
    __slots__ = ("place",)


def _stmt(name: str, doc: str, *members: str) -> type:
    source = f"def __init__(self, place{''.join(', ' + m for m in members)}):\n self.place = place\n"
    source += "".join(f" self.{member} = {member}\n" for member in members)
    scope: dict = {}
    exec(source, scope)
    return type(name, (Stmt,), {"__slots__": members, "__init__": scope["__init__"], "__doc__": doc})


Eval = _stmt("Eval", "An expression for its effects.", "value")
Declare = _stmt("Declare", "A local comes to life; items is None without initialiser.", "var", "items")
Block = _stmt("Block", "Statements in order.", "body")
If = _stmt("If", "no may be None.", "cond", "yes", "no")
Loop = _stmt(
    "Loop", "while/do/for: `first` tests the condition before the first round; step may be None.",
    "cond", "body", "step", "first",
)
Switch = _stmt("Switch", "cases maps values to Case nodes; default may be None.", "value", "body", "cases", "default")
Case = _stmt("Case", "The place in a switch body a value jumps to.", "body")
Break = _stmt("Break", "Leave the innermost loop or switch.")
Continue = _stmt("Continue", "Next round of the innermost loop.")
Return = _stmt("Return", "value may be None.", "value")
Label = _stmt("Label", "A goto target.", "name", "body")
Goto = _stmt("Goto", "", "name")
Asm = _stmt(
    "Asm", "Inline assembly: outputs are (constraint, lvalue), inputs (constraint, value), names by operand.",
    "text", "outputs", "inputs", "clobbers", "names",
)


@dataclass(slots=True, eq=False)
class Function:
    symbol: Global
    type: FuncType
    params: list[Local]
    body: Block


@dataclass(slots=True)
class Unit:
    """A translation unit: functions with bodies, and every global in order of appearance."""

    functions: list[Function] = field(default_factory=list)
    globals: list[Global] = field(default_factory=list)
