"""The revoker's engine cycle by cycle: a model of how granule steps are made atomic on a port that is shared.

It refines `rtos_model.machine.revocation_spec`, whose words, register and object it speaks of: what here takes
several cycles happens there in one instant. In each cycle the core makes one access or none, which the engine can
make wait; the engine reads or clears one word in the cycles that are left. A word that is not stale is decided when
it is read. A stale one is cleared later, if nothing has been stored to it or to the bitmap meanwhile; otherwise it
is read once more, and the core has to wait until it is decided. A request waits `patience` cycles, or one more if the
core is then in the middle of a store that takes two.
"""

from collections.abc import Iterator
from typing import NamedTuple

from rtos_model.machine.revocation_spec import Value, filtered, revoked

WORDS = 3


class Violation(Exception):
    """The engine has done what it must not; the message says what."""


class Read(NamedTuple):
    """An access of the engine that is under way: whether it cleared the word or, if it read, found it stale."""

    word: int
    cleared: bool
    stale: bool
    touched: bool = False
    """Since the access, something was stored to the word or to the bitmap."""


class State(NamedTuple):
    words: tuple[Value, ...] = (Value.DATA,) * WORDS
    register: Value = Value.DATA
    painted: bool = False
    running: bool = False
    cursor: int = WORDS
    decided: int = 0
    """Words of the running sweep of which it is known what became of them."""
    clearing: bool = False
    insisting: bool = False
    waited: int = 0
    asked: Read | None = None
    """What is answered in this cycle."""
    abandoned: bool = False
    """The answer does not count."""
    judged: Read | None = None
    """What the bitmap's verdict comes for in this cycle."""
    second: int | None = None
    """The core is in the middle of a store, of which the end goes to this word."""
    covered: bool = False
    clean: bool = False


class Shown(NamedTuple):
    """What can be seen of a cycle: does the core have to wait, which word is read or cleared, what is decided."""

    refused: bool
    access: Read | None
    decided: Read | None
    ended: bool


class Action(NamedTuple):
    """What the core does in a cycle."""

    name: str
    port: bool
    word: int = -1

    def __str__(self) -> str:
        return self.name if self.word < 0 else f"{self.name} {self.word}"


IDLE, FORGET, OTHER, ALLOCATE = (Action(name, False) for name in ("idle", "forget", "other", "allocate"))
BUSY, PAINT, REUSE, GO = (Action(name, True) for name in ("busy", "paint", "reuse", "go"))
LOADS, STORES, ZEROES = (tuple(Action(name, True, i) for i in range(WORDS)) for name in ("load", "store", "zero"))
FAULTS = tuple(Action("fault", False, i) for i in range(WORDS))
"""A store that traps: the port has its address but no request."""
SPLITS = tuple(Action("split", True, i) for i in range(WORDS - 1))
"""A store of data that begins in a word and ends in the next: the first of its two accesses."""
SECONDS = tuple(Action("second", True, i) for i in range(1, WORDS))
ACTIONS = (IDLE, BUSY, *LOADS, *STORES, *ZEROES, *FAULTS, *SPLITS, *SECONDS, FORGET, OTHER, ALLOCATE, PAINT, REUSE, GO)


def possible(state: State) -> Iterator[Action]:
    """All actions but those that no program does: allocating what is not free to use."""
    if state.second is not None:
        yield SECONDS[state.second - 1]
        return
    absent = (*SECONDS, PAINT, ALLOCATE) if state.painted else (*SECONDS, REUSE)
    for action in ACTIONS:
        if action not in absent:
            yield action


def cycle(state: State, action: Action, patience: int) -> tuple[State, Shown]:
    """The state after a cycle, and what can be seen of it. Raises Violation if the engine errs."""
    hold = state.insisting or state.waited == patience
    core = action.port and (not hold or action in SECONDS)
    wants = state.running and state.cursor < WORDS
    granted = wants and not core

    def touched(word: int) -> bool:
        return core and (action in (PAINT, REUSE) or (action.word == word and action.name != "load"))

    words, register, painted = state.words, state.register, state.painted
    running, covered, clean = state.running, state.covered, state.clean
    cursor, decided = state.cursor, state.decided
    clearing, insisting = state.clearing, state.insisting

    # The engine's access
    asked = None
    if granted:
        asked = Read(cursor, clearing, not clearing and revoked(words[cursor], painted))
        if clearing:
            if not revoked(words[cursor], painted):
                raise Violation(f"word {cursor} is cleared, but is {words[cursor].name}, painted: {painted}")
            words = _changed(words, cursor, Value.DEAD)
            insisting = False
        cursor, clearing = cursor + 1, False
    elif clearing and touched(cursor):
        clearing, insisting = False, True

    # The verdict on an earlier one
    judged = state.judged
    stale = judged is not None and judged.stale
    if stale:
        cursor = judged.word
        if judged.touched or touched(judged.word):
            insisting = True
        else:
            clearing = True
    elif judged:
        if judged.word != decided:
            raise Violation(f"word {judged.word} is decided, next is {decided}")
        decided += 1
        insisting = False
    following = None
    if state.asked and not state.abandoned and not stale:
        following = state.asked._replace(touched=touched(state.asked.word))

    # The end
    ends = running and state.cursor == WORDS and not state.asked and not judged
    if ends:
        if decided != WORDS:
            raise Violation(f"the epoch ends after {decided} words")
        running, decided, clean, covered = False, 0, clean or covered, False

    # The core's access
    if core:
        if action.name == "load":
            register = filtered(words[action.word], painted)
        elif action.name == "store":
            words = _changed(words, action.word, register)
        elif action.name in ("zero", "split", "second"):
            words = _changed(words, action.word, Value.DATA)
        elif action is PAINT:
            painted = True
        elif action is REUSE:
            painted = covered = clean = False
        elif action is GO and not state.running:
            running, cursor, covered = True, 0, painted and register is not Value.OBJECT
    elif action is FORGET:
        register = Value.DATA
    elif action is OTHER:
        register = Value.OTHER
    elif action is ALLOCATE:
        register = Value.OBJECT
    second = action.word + 1 if core and action in SPLITS else None
    waited = state.waited + (not hold) if wants and not granted else 0
    after = State(
        words, register, painted, running, cursor, decided, clearing, insisting, waited,
        asked, stale, following, second, covered, clean,
    )  # fmt: skip
    return after, Shown(action.port and not core, asked, None if stale else judged, ends)


def _changed(words: tuple[Value, ...], index: int, value: Value) -> tuple[Value, ...]:
    return (*words[:index], value, *words[index + 1 :])


def holds(state: State) -> bool:
    """The invariant of the specification; loads are filtered within their cycle here."""
    return not (state.clean and Value.OBJECT in (*state.words, state.register))
