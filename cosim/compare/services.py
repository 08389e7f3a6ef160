"""Service events of two implementations against each other, in the four comparability classes.

Pure functions over event logs. Each gives None when the logs agree in its sense, else a `Difference` that names the
place, what was expected and what came. The expected side is the model's.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cosim.errors import UserError
from rtos_model.services.errors import ServiceModelError
from rtos_model.services.events import Event, parse

Selects = Callable[[Event], bool]


@dataclass(frozen=True, slots=True)
class Difference:
    """The first disagreement: `index` counts the expected log's events, `got_index` the other's."""

    rule: str
    index: int
    got_index: int
    expected: str
    got: str

    def __str__(self) -> str:
        model = f"event {self.index} of the model is {self.expected}"
        return f"{self.rule}: {model}; the other's {self.got_index} is {self.got}"


END = "the end of the log"


def _line(log: Sequence[Event], index: int) -> str:
    return log[index].line() if index < len(log) else END


def exact(expected: Sequence[Event], got: Sequence[Event]) -> Difference | None:
    """Same events, same order, same fields."""
    for index in range(max(len(expected), len(got))):
        if _line(expected, index) != _line(got, index):
            return Difference("exact", index, index, _line(expected, index), _line(got, index))
    return None


def ordered(expected: Sequence[Event], got: Sequence[Event], listed: Selects) -> Difference | None:
    """The listed events in the same relative order; other events may come between."""
    mine = [index for index, event in enumerate(expected) if listed(event)]
    theirs = [index for index, event in enumerate(got) if listed(event)]
    for place in range(max(len(mine), len(theirs))):
        index = mine[place] if place < len(mine) else len(expected)
        got_index = theirs[place] if place < len(theirs) else len(got)
        if _line(expected, index) != _line(got, got_index):
            return Difference("ordered", index, got_index, _line(expected, index), _line(got, got_index))
    return None


def same_set(
    expected: Sequence[Event], got: Sequence[Event], opens: Selects, closes: Selects, listed: Selects
) -> Difference | None:
    """Between each pair of delimiting events, the same multiset of the listed events; as many windows in both."""
    mine, theirs = _windows(expected, opens, closes), _windows(got, opens, closes)
    for place in range(max(len(mine), len(theirs))):
        if place >= len(mine) or place >= len(theirs):
            here = f"window {place + 1} of {max(len(mine), len(theirs))}"
            sides = [here if place < len(side) else "no such window" for side in (mine, theirs)]
            return Difference("set", len(expected), len(got), *sides)
        (start, window), (got_start, got_window) = mine[place], theirs[place]
        found = bags(*([event for event in one if listed(event)] for one in (window, got_window)))
        if found:
            return Difference("set", start, got_start, found.expected, found.got)
    return None


def bags(expected: Sequence[Event], got: Sequence[Event]) -> Difference | None:
    """The same multiset of events; the difference names what one has more of than the other, and its index is 0."""
    want, have = (Counter(event.line() for event in log) for log in (expected, got))
    if have == want:
        return None
    missing, extra = want - have, have - want
    return Difference("set", 0, 0, _bag(missing) or "nothing more", _bag(extra) or "nothing more")


def _bag(lines: Counter[str]) -> str:
    return ", ".join(f"{count} x {line}" for line, count in sorted(lines.items()))


def _windows(log: Sequence[Event], opens: Selects, closes: Selects) -> list[tuple[int, list[Event]]]:
    """(index of the opening event, events strictly inside); an unclosed window ends with the log."""
    found: list[tuple[int, list[Event]]] = []
    inside: tuple[int, list[Event]] | None = None
    for index, event in enumerate(log):
        if inside is not None and closes(event):
            found.append(inside)
            inside = None
        if inside is not None:
            inside[1].append(event)
        elif opens(event):
            inside = (index, [])
    return found if inside is None else [*found, inside]


@dataclass(frozen=True, slots=True)
class Bound:
    """A field of the selected events may lie from the model's value plus `low` to the model's value plus `high`."""

    selects: Selects
    field: str
    low: int
    high: int


def bounded(expected: Sequence[Event], got: Sequence[Event], bounds: Sequence[Bound]) -> Difference | None:
    """As exact, except that the fields named by `bounds` need only lie in their intervals."""
    for index in range(max(len(expected), len(got))):
        if index >= len(expected) or index >= len(got):
            return Difference("bounded", index, index, _line(expected, index), _line(got, index))
        mine, theirs = expected[index], got[index]
        loose = {bound.field: bound for bound in bounds if bound.selects(mine)}
        wrong = type(mine) is not type(theirs)
        for name in () if wrong else mine.__dataclass_fields__:
            want, have = getattr(mine, name), getattr(theirs, name)
            bound = loose.get(name)
            if bound is not None and isinstance(want, int) and isinstance(have, int):
                wrong |= not want + bound.low <= have <= want + bound.high
            else:
                wrong |= want != have
        if wrong:
            within = "".join(f" ({b.field} {b.low:+d}...{b.high:+d})" for b in loose.values())
            return Difference("bounded", index, index, mine.line() + within, theirs.line())
    return None


def kinds(*names: str) -> Selects:
    """Selects events of these kinds."""
    return lambda event: event.kind in names


def read_log(name: str, lines: Sequence[str]) -> list[Event]:
    """Events of a saved log; lines that start with `#` are comments. Raises UserError naming file and line."""
    events = []
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#"):
            try:
                events.append(parse(line))
            except ServiceModelError as error:
                raise UserError(f"{name}, line {number}: {error}") from None
    return events
