"""Expressions of assembly text: parsed once, evaluated when their symbols are known.

Operators and their ranks are those of GNU and LLVM assemblers: unary - + ~ !; then * / % << >>; | & ^;
+ -; comparisons (1 or 0); &&; ||. Division truncates toward zero.
"""

import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from cosim.toolchain.source import AsmError, Place, unescape

Value = Any
"""An int, or something that an assembler's lookup returned and that knows how to add and subtract."""


class Unresolved(Exception):
    """The value is not known yet; the argument names what is missing."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A number; `named` if the source wrote a symbol whose value it is."""

    value: int
    named: bool = False


@dataclass(frozen=True, slots=True)
class Name:
    name: str


@dataclass(frozen=True, slots=True)
class Unary:
    op: str
    operand: "Expr"


@dataclass(frozen=True, slots=True)
class Binary:
    op: str
    left: "Expr"
    right: "Expr"


Expr = Constant | Name | Unary | Binary


def _divide(a: int, b: int) -> int:
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


UNARY = {"-": operator.neg, "+": operator.pos, "~": operator.invert, "!": lambda a: int(not a)}
RANKS: tuple[dict[str, Callable], ...] = (
    {"||": lambda a, b: int(bool(a) or bool(b))},
    {"&&": lambda a, b: int(bool(a) and bool(b))},
    {
        "==": lambda a, b: int(a == b),
        "!=": lambda a, b: int(a != b),
        "<>": lambda a, b: int(a != b),
        "<=": lambda a, b: int(a <= b),
        ">=": lambda a, b: int(a >= b),
        "<": lambda a, b: int(a < b),
        ">": lambda a, b: int(a > b),
    },
    {"+": operator.add, "-": operator.sub},
    {"|": operator.or_, "&": operator.and_, "^": operator.xor},
    {
        "*": operator.mul,
        "/": _divide,
        "%": lambda a, b: a - b * _divide(a, b),
        "<<": operator.lshift,
        ">>": operator.rshift,
    },
)
"""Binary operators, the loosest first."""
BINARY = {op: function for rank in RANKS for op, function in rank.items()}

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>0[xX][0-9a-fA-F]+|0[bB][01]+(?![\w])|\d+(?![\w]))
      | (?P<name>\d+[bf](?!\w)|[A-Za-z_.$][\w.$]*)
      | (?P<char>'(?:\\.|[^'\\])'?)
      | (?P<op>\|\||&&|==|!=|<>|<=|>=|<<|>>|[-+~!*/%|&^<>()]))""",
    re.VERBOSE,
)


def _tokens(text: str, place: Place) -> Iterator[tuple[str, str]]:
    position = 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            raise AsmError(place, f'"{text[position:].strip()}" is no expression')
        yield match.lastgroup, match[match.lastgroup]
        position = match.end()
    yield "end", "the end"


class _Parser:
    def __init__(self, text: str, place: Place, name: Callable[[str], Expr]):
        self.text, self.place, self.name = text, place, name
        self.tokens = _tokens(text, place)
        self.kind, self.token = next(self.tokens)

    def take(self) -> str:
        token = self.token
        self.kind, self.token = next(self.tokens)
        return token

    def parse(self) -> Expr:
        expr = self.binary(0)
        if self.kind != "end":
            raise self.unexpected()
        return expr

    def unexpected(self) -> AsmError:
        return AsmError(self.place, f'unexpected {self.token} in "{self.text}"')

    def binary(self, rank: int) -> Expr:
        if rank == len(RANKS):
            return self.unary()
        left = self.binary(rank + 1)
        while self.kind == "op" and self.token in RANKS[rank]:
            left = Binary(self.take(), left, self.binary(rank + 1))
        return left

    def unary(self) -> Expr:
        if self.kind == "op" and self.token in UNARY:
            return Unary(self.take(), self.unary())
        if self.kind == "op" and self.token == "(":
            self.take()
            inner = self.binary(0)
            if self.token != ")":
                raise self.unexpected()
            self.take()
            return inner
        if self.kind == "number":
            token = self.take()
            octal = token.startswith("0") and token.isdigit() and len(token) > 1
            if octal and set(token) & {"8", "9"}:
                raise AsmError(self.place, f'"{token}" is no octal number')
            return Constant(int(token, 8) if octal else int(token, 0))
        if self.kind == "char":
            return Constant(unescape(self.take()[1:].removesuffix("'") or "'")[0])
        if self.kind == "name":
            return self.name(self.take())
        raise self.unexpected()


def parse_expression(text: str, place: Place, name: Callable[[str], Expr] = Name) -> Expr:
    """The tree of a text. `name` makes the node of a symbol, of "." and of local labels such as "1b"."""
    return _Parser(text, place, name).parse()


def evaluate(expr: Expr, lookup: Callable[[str], Value], place: Place) -> Value:
    """The value of a tree; `lookup` gives a symbol's value or raises Unresolved."""
    try:
        return _evaluate(expr, lookup)
    except ZeroDivisionError:
        raise AsmError(place, "division by zero") from None
    except ValueError:
        raise AsmError(place, "shift by a negative number") from None
    except TypeError:
        raise Unresolved("an address") from None


def _evaluate(expr: Expr, lookup: Callable[[str], Value]) -> Value:
    if isinstance(expr, Constant):
        return expr.value
    if isinstance(expr, Name):
        return lookup(expr.name)
    if isinstance(expr, Unary):
        return UNARY[expr.op](_evaluate(expr.operand, lookup))
    return BINARY[expr.op](_evaluate(expr.left, lookup), _evaluate(expr.right, lookup))


def is_literal(expr: Expr) -> bool:
    """Whether no symbol takes part."""
    if isinstance(expr, Constant):
        return not expr.named
    if isinstance(expr, Name):
        return False
    if isinstance(expr, Unary):
        return is_literal(expr.operand)
    return is_literal(expr.left) and is_literal(expr.right)
