"""Temporal safety in small: an executable specification of load filter, bitmap and revoker, for exhaustive search.

Source: CHERIoT ISA, revocation. There are a few words of memory, one register, and one object that is allocated
and freed again and again. A capability to it may be copied anywhere while it is not freed. What matters of time is
only the order in which things happen: each move is one instant, and any move that is possible may come next.

What must hold (`holds`): **after an epoch that began after the free was complete, no register, memory word or
operation in flight holds a tagged capability to the object**, until it is allocated again. The free is complete when
the object's bit is painted and the register, like all registers of those who free, has let go of it.
"""

import enum
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import NamedTuple


class Value(enum.IntEnum):
    """All that matters of 65 bits."""

    DATA = 0
    OBJECT = 1  # a capability to the object
    OTHER = 2  # a capability that is never freed
    DEAD = 3  # a capability to the object that has lost its tag


class State(NamedTuple):
    """`cursor` is the word that the running sweep visits next, None if none runs.

    `loading` is what a load has read and not yet filtered. `covered`: the running sweep began after the free was
    complete. `clean`: such a sweep has ended. `leaked`: the object's memory was used again after that, and yet there
    was a capability to it.
    """

    words: tuple[Value, ...]
    register: Value = Value.DATA
    loading: Value | None = None
    painted: bool = False
    cursor: int | None = None
    covered: bool = False
    clean: bool = False
    leaked: bool = False


Move = tuple[str, State]


def initial(words: int) -> State:
    return State((Value.DATA,) * words)


def revoked(value: Value, painted: bool) -> bool:
    """Whether load filter and sweep clear the tag of a value."""
    return painted and value is Value.OBJECT


def filtered(value: Value, painted: bool) -> Value:
    return Value.DEAD if revoked(value, painted) else value


def with_word(state: State, index: int, value: Value) -> State:
    return state._replace(words=(*state.words[:index], value, *state.words[index + 1 :]))


def moves(state: State) -> Iterator[Move]:
    """Everything that may happen next: its name, and the state that it leads to."""
    yield from _core_moves(state)
    yield from _revoker_moves(state)


def _core_moves(state: State) -> Iterator[Move]:
    if state.loading is not None:
        yield "the load is filtered", state._replace(register=filtered(state.loading, state.painted), loading=None)
    for index, word in enumerate(state.words):
        if state.loading is None:
            yield f"load word {index}", state._replace(loading=word)
            yield f"store the register to word {index}", with_word(state, index, state.register)
        yield f"store data to word {index}", with_word(state, index, Value.DATA)
        yield f"store to word {index}, which traps", state
        yield f"zero word {index}", with_word(state, index, Value.DATA)
    if state.loading is None:  # the bitmap is looked up for a load before a later instruction can change it
        yield "forget", state._replace(register=Value.DATA)
        yield "take another capability", state._replace(register=Value.OTHER)
        if state.painted:
            leaked = state.clean and Value.OBJECT in (*state.words, state.register, state.loading)
            yield "reuse", state._replace(painted=False, covered=False, clean=False, leaked=leaked)
        else:
            yield "allocate", state._replace(register=Value.OBJECT)
            yield "paint", state._replace(painted=True)


def free_is_complete(state: State) -> bool:
    return state.painted and Value.OBJECT not in (state.register, filtered(state.loading or Value.DATA, state.painted))


def _revoker_moves(state: State) -> Iterator[Move]:
    if state.cursor is None:
        yield "go", state._replace(cursor=0, covered=free_is_complete(state))
    elif state.cursor < len(state.words):
        word = state.words[state.cursor]
        swept = with_word(state, state.cursor, filtered(word, state.painted))
        yield f"sweep word {state.cursor}", swept._replace(cursor=state.cursor + 1)
    else:
        clean = state.clean or state.covered
        yield "the epoch ends", state._replace(cursor=None, covered=False, clean=clean)


def holds(state: State) -> bool:
    """The invariant."""
    held = (*state.words, state.register, filtered(state.loading or Value.DATA, state.painted))
    return not state.leaked and not (state.clean and Value.OBJECT in held)


class Search(NamedTuple):
    """All states that can be reached, each with the move that was first to reach it; and what was counted."""

    reached: dict[Hashable, tuple[Hashable, str] | None]
    transitions: int
    depth: int
    broken: Hashable | None
    """A state in which the invariant does not hold, if there is one; the search ends there."""

    def path(self, state: Hashable) -> list[str]:
        """The names of the moves that lead to a state."""
        names = []
        while self.reached[state] is not None:
            state, name = self.reached[state]
            names.append(name)
        return names[::-1]

    def __str__(self) -> str:
        return f"{len(self.reached)} states, {self.transitions} transitions, {self.depth} steps to the farthest"


def search(
    start: Iterable[Hashable],
    possible: Callable[[Hashable], Iterable[tuple[str, Hashable]]],
    invariant: Callable[[Hashable], bool],
) -> Search:
    """Every state that any sequence of moves leads to, of whatever length; nearest first."""
    reached: dict[Hashable, tuple[Hashable, str] | None] = dict.fromkeys(start)
    transitions = depth = 0
    layer = list(reached)
    while layer:
        following = []
        for state in layer:
            if not invariant(state):
                return Search(reached, transitions, depth, state)
            for name, after in possible(state):
                transitions += 1
                if after not in reached:
                    reached[after] = state, name
                    following.append(after)
        layer = following
        depth += bool(layer)
    return Search(reached, transitions, depth, None)
