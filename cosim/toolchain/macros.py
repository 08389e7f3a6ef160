"""Macros, repetition, conditions and includes: what comes out are labels, plain directives and instructions."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from dataclasses import replace as changed

from cosim.toolchain.source import AsmError, Place, Statement, head_and_rest, split_operands

MAX_DEPTH = 64
"""Macros inside macros: more is taken for an endless recursion."""
LABEL = re.compile(r"\s*([A-Za-z_.$][\w.$]*|\d+)\s*:(?!:)\s*")
_PARAMETER = re.compile(r"([A-Za-z_][\w$]*)(?::(req|vararg))?(?:\s*=\s*([^,\s]+))?")
_KEYWORD = re.compile(r"([A-Za-z_][\w$]*)\s*=(?!=)\s*(.*)", re.DOTALL)
_REFERENCE = re.compile(r"\\(\(\)|@|[A-Za-z_][\w$]*)")
_BODIES = {".macro": ".endm", ".rept": ".endr", ".irp": ".endr", ".irpc": ".endr"}
_COMPARISONS = {
    ".if": lambda v: v != 0,
    ".ifne": lambda v: v != 0,
    ".ifeq": lambda v: v == 0,
    ".ifgt": lambda v: v > 0,
    ".ifge": lambda v: v >= 0,
    ".iflt": lambda v: v < 0,
    ".ifle": lambda v: v <= 0,
}
_TEXT_CONDITIONS = {
    ".ifb": lambda text: not text,
    ".ifnb": lambda text: bool(text),
    ".ifc": lambda text: len(set(split_operands(text))) == 1,
    ".ifnc": lambda text: len(set(split_operands(text))) != 1,
}
_IFS = (*_COMPARISONS, *_TEXT_CONDITIONS, ".ifdef", ".ifndef")


@dataclass(frozen=True)
class Macro:
    parameters: tuple[tuple[str, str, str | None], ...]  # name, "req", "vararg" or "", default
    body: list[Statement]


class Reader:
    """Streams statements. Conditions are asked when they are reached, so they see what stands before them.

    `value(text, place)` evaluates an expression that must be known, `defined(name)` says whether a symbol is,
    `load(name, place)` reads an included file.
    """

    def __init__(
        self,
        value: Callable[[str, Place], int],
        defined: Callable[[str], bool],
        load: Callable[[str, Place], list[Statement]],
    ):
        self.value, self.defined, self.load = value, defined, load
        self.macros: dict[str, Macro] = {}
        self.expansions = 0

    def read(self, statements: list[Statement], depth: int = 0) -> Iterator[Statement]:
        """Every label (its colon with it), directive and instruction, in order."""
        if depth > MAX_DEPTH:
            raise AsmError(statements[0].place, f"macros and includes are nested deeper than {MAX_DEPTH}")
        open_ifs: list[tuple[Place, bool]] = []
        index = 0
        while index < len(statements):
            statement = statements[index]
            index += 1
            while label := LABEL.match(statement.text):
                yield changed(statement, text=f"{label[1]}:")
                statement = changed(statement, text=statement.text[label.end() :])
            head, rest = head_and_rest(statement.text) if statement.text else ("", "")
            if head in _IFS or head in (".else", ".elseif", ".endif"):
                index = self._condition(statements, index, statement.place, head, rest, open_ifs)
            elif head in _BODIES:
                end = _matching_end(statements, index, statement, head)
                yield from self._body(statement.place, head, rest, statements[index:end], depth)
                index = end + 1
            elif head == ".include":
                yield from self.read(self.load(rest.strip('"'), statement.place), depth + 1)
            elif head == ".purgem":
                self.macros.pop(rest, None)
            elif head in (".endm", ".endr"):
                raise AsmError(statement.place, f"{head} without its beginning")
            elif head in self.macros:
                yield from self._expand(head, rest, statement.place, depth)
            elif head:
                yield statement
        if open_ifs:
            raise AsmError(open_ifs[-1][0], "this condition has no .endif")

    def _condition(self, statements, index, place, head, rest, open_ifs) -> int:
        """The index of the next statement to read. Reaching .else or .elseif means that a branch was taken."""
        if head in _IFS:
            open_ifs.append((place, False))
            return index if self._holds(head, rest, place) else self._skip(statements, index, place, open_ifs)
        if not open_ifs:
            raise AsmError(place, f"{head} without .if")
        if head == ".endif":
            open_ifs.pop()
            return index
        return self._skip(statements, index, place, open_ifs, taken=True)

    def _skip(self, statements, index, place, open_ifs, taken: bool = False) -> int:
        """Past what a condition leaves out: to behind the .else or .elseif that holds, or behind the .endif."""
        depth = 0
        for position in range(index, len(statements)):
            head, rest = head_and_rest(statements[position].text)
            if head in _IFS:
                depth += 1
            elif head == ".endif":
                if depth == 0:
                    open_ifs.pop()
                    return position + 1
                depth -= 1
            elif depth == 0 and not taken and head in (".else", ".elseif"):
                if head == ".else" or self._holds(".if", rest, statements[position].place):
                    return position + 1
        raise AsmError(place, "this condition has no .endif")

    def _holds(self, head: str, rest: str, place: Place) -> bool:
        if head in _COMPARISONS:
            return _COMPARISONS[head](self.value(rest, place))
        if head in _TEXT_CONDITIONS:
            return _TEXT_CONDITIONS[head](rest)
        return self.defined(rest) == (head == ".ifdef")

    def _body(self, place: Place, head: str, rest: str, body: list[Statement], depth: int) -> Iterator[Statement]:
        if head == ".macro":
            self._define(place, rest, body)
        elif head == ".rept":
            for _ in range(self.value(rest, place)):
                yield from self.read(body, depth + 1)
        else:
            name, *values = split_operands(rest)
            for value in values if head == ".irp" else "".join(values):
                yield from self.read(_substituted(body, {name: value}, self.expansions, None), depth + 1)

    def _define(self, place: Place, rest: str, body: list[Statement]) -> None:
        match = re.match(r"([A-Za-z_.$][\w.$]*)\s*,?\s*(.*)", rest, re.DOTALL)
        if match is None:
            raise AsmError(place, "a macro needs a name")
        parameters = tuple((p[1], p[2] or "", p[3]) for p in _PARAMETER.finditer(match[2]))
        self.macros[match[1]] = Macro(parameters, body)

    def _expand(self, name: str, rest: str, place: Place, depth: int) -> Iterator[Statement]:
        macro = self.macros[name]
        arguments = _arguments(name, macro, rest, place)
        count, self.expansions = self.expansions, self.expansions + 1
        if macro.body:
            yield from self.read(_substituted(macro.body, arguments, count, place), depth + 1)


def _matching_end(statements: list[Statement], index: int, start: Statement, head: str) -> int:
    """Index of the .endm or .endr that closes the body starting at `index`."""
    open_bodies = [_BODIES[head]]
    for position in range(index, len(statements)):
        text = LABEL.sub("", statements[position].text)
        word = head_and_rest(text)[0] if text else ""
        if word in _BODIES:
            open_bodies.append(_BODIES[word])
        elif word == open_bodies[-1]:
            open_bodies.pop()
            if not open_bodies:
                return position
    raise AsmError(start.place, f"this {head} has no {_BODIES[head]}")


def _arguments(name: str, macro: Macro, rest: str, place: Place) -> dict[str, str]:
    given = split_operands(rest)
    names = [parameter[0] for parameter in macro.parameters]
    arguments: dict[str, str] = {}
    position = 0
    while given:
        keyword = _KEYWORD.fullmatch(given[0])
        if keyword and keyword[1] in names:
            arguments[keyword[1]] = keyword[2]
            given.pop(0)
            continue
        if position == len(names):
            raise AsmError(place, f'macro "{name}" takes {len(names)} arguments')
        parameter, kind, _ = macro.parameters[position]
        position += 1
        if kind == "vararg":
            arguments[parameter], given = ", ".join(given), []
        else:
            arguments[parameter] = given.pop(0)
    for parameter, kind, default in macro.parameters:
        if not arguments.get(parameter):
            if kind == "req":
                raise AsmError(place, f'macro "{name}" needs its argument "{parameter}"')
            arguments[parameter] = default or ""
        elif re.fullmatch(r'"[^"]*"', arguments[parameter]):
            arguments[parameter] = arguments[parameter][1:-1]
    return arguments


def _substituted(body: list[Statement], arguments: dict[str, str], count: int, used_at: Place | None):
    def value(match: re.Match) -> str:
        if match[1] == "()":
            return ""
        return str(count) if match[1] == "@" else arguments.get(match[1], match[0])

    return [
        Statement(
            changed(statement.place, used_at=used_at) if used_at else statement.place,
            _REFERENCE.sub(value, statement.text),
        )
        for statement in body
    ]
