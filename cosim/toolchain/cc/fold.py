"""Expression makers that compute at once what is constant."""

from cosim.toolchain.cc import tree
from cosim.toolchain.cc.diagnostics import CompileError, Place
from cosim.toolchain.cc.tree import Const, Expr
from cosim.toolchain.cc.types import INT, CType, IntCapType, IntType, PointerType


def truncated_div(a: int, b: int) -> int:
    """Quotient rounded toward zero, as C has it."""
    quotient = abs(a) // abs(b)
    return -quotient if (a < 0) != (b < 0) else quotient


def evaluate(op: str, ctype: IntType | IntCapType, a: int, b: int) -> int | None:
    """`a op b` in `ctype`; None where C leaves the result open."""
    if op in "/%":
        if b == 0:
            return None
        quotient = truncated_div(a, b)
        return ctype.wrap(quotient if op == "/" else a - b * quotient)
    if op in ("<<", ">>"):
        if not 0 <= b < ctype.bits:
            return None
        return ctype.wrap(a << b if op == "<<" else a >> b)
    results = {"+": a + b, "-": a - b, "*": a * b, "&": a & b, "|": a | b, "^": a ^ b}
    return ctype.wrap(results[op])


def compare(op: str, a: int, b: int) -> bool:
    return {"==": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[op]


def binary(place: Place, ctype: CType, op: str, left: Expr, right: Expr) -> Expr:
    if isinstance(left, Const) and isinstance(right, Const):
        value = evaluate(op, ctype, left.value, right.value)
        if value is not None:
            return Const(place, ctype, value)
    return tree.Binary(place, ctype, op, left, right)


def unary(place: Place, op: str, value: Expr) -> Expr:
    if isinstance(value, Const):
        return Const(place, value.type, value.type.wrap(-value.value if op == "-" else ~value.value))
    return tree.Unary(place, value.type, op, value)


def comparison(place: Place, op: str, left: Expr, right: Expr) -> Expr:
    if isinstance(left, Const) and isinstance(right, Const):
        return Const(place, INT, int(compare(op, left.value, right.value)))
    return tree.Compare(place, INT, op, left, right)


def logical(place: Place, op: str, left: Expr, right: Expr) -> Expr:
    if isinstance(left, Const):
        if bool(left.value) != (op == "&&"):
            return Const(place, INT, int(op == "||"))
        if isinstance(right, Const):
            return Const(place, INT, int(bool(right.value)))
    return tree.Logical(place, INT, op, left, right)


def cast(place: Place, ctype: CType, value: Expr) -> Expr:
    """Conversion between scalar types (or to void); constants convert at once."""
    if isinstance(value, Const):
        if isinstance(ctype, IntType | IntCapType):
            return Const(place, ctype, ctype.wrap(value.value))
        if isinstance(ctype, PointerType):
            return Const(place, ctype, value.value & 0xFFFFFFFF)
    if value.type is ctype and not (isinstance(value, tree.Member) and value.field.width is not None):
        return value  # (a converted bit-field is no bit-field any more: its promotion differs)
    return tree.Cast(place, ctype, value)


def integer_constant(value: Expr, what: str) -> int:
    """The value of an integer constant expression, or a diagnostic that `what` needs one."""
    if isinstance(value, Const) and value.type.is_integer:
        return value.value
    raise CompileError(value.place, f"{what} must be an integer constant expression")
