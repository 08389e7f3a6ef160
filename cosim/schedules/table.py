"""The engine's model as a table: for each state that can be reached and each action, what shows and what comes next."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from amaranth.hdl import Const

from cosim.schedules.bench import Op, Seen, Stimulus
from rtos_model.machine import revoker_engine as engine
from rtos_model.machine.revocation_spec import Search, Value, search
from rtos_model.machine.revoker_engine import ACTIONS, Action, Shown, State

IMPOSSIBLE = 0xFFFF_FFFF
NOT_LOADED = 0xFF
OPS = {
    "busy": Op.BUSY,
    "load": Op.LOAD,
    "store": Op.STORE,
    "zero": Op.STORE,
    "fault": Op.FAULT,
    "split": Op.STORE,
    "second": Op.SECOND,
    "paint": Op.PAINT,
    "reuse": Op.REUSE,
    "go": Op.GO,
}


def explore(patience: int) -> Search:
    """Every state of the engine and its surroundings."""

    def moves(state: State) -> Iterator[tuple[Action, State]]:
        for action in engine.possible(state):
            yield action, engine.cycle(state, action, patience)[0]

    return search([State()], moves, engine.holds)


@cache
def stimulus(action: Action, register: Value) -> int:
    """What drives the bench: the model holds the register, so it says what is stored."""
    value = register if action.name in ("store", "fault") else Value.DATA
    fields = {"op": OPS.get(action.name, Op.NONE), "word": max(action.word, 0), "value": value.value}
    return Const.cast(Stimulus.const(fields)).value


@cache
def seen(shown: Shown, running: bool) -> int:
    """What the bench must show in a cycle."""
    fields = {"refused": shown.refused, "ended": shown.ended, "running": running}
    if shown.access:
        fields |= {"reads": not shown.access.cleared, "clears": shown.access.cleared, "word": shown.access.word}
    if shown.decided:
        fields |= {"decided": 1, "decided_word": shown.decided.word, "decided_cleared": shown.decided.cleared}
    return Const.cast(Seen.const(fields)).value


@dataclass(frozen=True)
class Table:
    """States are numbered in the order in which the search found them."""

    patience: int
    states: list[State]
    transitions: int
    path: dict[int, tuple[int, int]]
    """For each state but the first, one that leads to it, and by which action."""

    @classmethod
    def of(cls, found: Search, patience: int) -> "Table":
        states = list(found.reached)
        numbers = {state: number for number, state in enumerate(states)}
        places = {action: place for place, action in enumerate(ACTIONS)}
        path = {
            numbers[state]: (numbers[came[0]], places[came[1]])
            for state, came in found.reached.items()
            if came is not None
        }
        return cls(patience, states, found.transitions, path)

    def way_to(self, number: int) -> list[int]:
        """The actions that lead to a state."""
        way = []
        while number:
            number, action = self.path[number]
            way.append(action)
        return way[::-1]

    def write(self, file: Path) -> None:
        """As `replay.cpp` reads it."""
        numbers = {state: number for number, state in enumerate(self.states)}
        following, shows, raw, drives = array("I"), array("H"), array("B"), array("B")
        for state in self.states:
            possible = set(engine.possible(state))
            for action in ACTIONS:
                if action not in possible:
                    following.append(IMPOSSIBLE)
                    shows.append(0)
                    raw.append(NOT_LOADED)
                    drives.append(0)
                    continue
                after, shown = engine.cycle(state, action, self.patience)
                loads = action.name == "load" and not shown.refused
                following.append(numbers[after])
                shows.append(seen(shown, state.running))
                raw.append(state.words[action.word] if loads else NOT_LOADED)
                drives.append(stimulus(action, state.register))
        registers = array("B", (state.register for state in self.states))
        with open(file, "wb") as output:
            array("I", (len(self.states), len(ACTIONS))).tofile(output)
            for part in (following, shows, raw, drives, registers):
                part.tofile(output)
