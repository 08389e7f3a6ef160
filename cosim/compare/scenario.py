"""Two logs of one scenario, the model's and another implementation's, in the class that the scenario names."""

from collections.abc import Sequence

from cosim.compare.services import Bound, Difference, bags, bounded, exact, kinds
from rtos_model.services.events import Event
from rtos_model.services.scenario import Class, Scenario

PROGRESS = ("EPOCH",)
"""How far the revoker has come is of class set in every scenario: it runs beside the threads."""
CHUNK_SLACK = 8
"""Bytes that a chunk may be larger than its charge in the class bounded (HP-14)."""


def compare(scenario: Scenario, model: Sequence[Event], other: Sequence[Event]) -> Difference | None:
    """The first disagreement, or None."""
    mine, theirs = (Places(log) for log in (model, other))
    match scenario.comparability:
        case Class.EXACT | Class.ORDERED:
            found = exact(mine.events, theirs.events)
        case Class.BOUNDED:
            found = bounded(mine.events, theirs.events, [Bound(kinds("ALLOC"), "charge", 0, CHUNK_SLACK)])
        case Class.SET:
            found = bags(mine.events, theirs.events)
    if found:
        return Difference(found.rule, mine.at(found.index), theirs.at(found.got_index), found.expected, found.got)
    found = _progress(model, other)
    return found and Difference(found.rule, len(model), len(other), found.expected, found.got)


class Places:
    """A log without the revoker's progress, and where its events are in the whole."""

    def __init__(self, log: Sequence[Event]):
        self._places = [place for place, event in enumerate(log) if event.kind not in PROGRESS]
        self.events = [log[place] for place in self._places]
        self._length = len(log)

    def at(self, index: int) -> int:
        return self._places[index] if index < len(self._places) else self._length


def _progress(model: Sequence[Event], other: Sequence[Event]) -> Difference | None:
    """The same epochs, wherever they come."""
    return bags(*([event for event in log if event.kind in PROGRESS] for log in (model, other)))
