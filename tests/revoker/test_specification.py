"""Temporal safety by exhaustive search: every order of events in the specification, every cycle of the engine."""

from collections import Counter
from functools import cache

import pytest

from rtl.revoker.sweep import PATIENCE, RECORD_LAG
from rtos_model.machine import revocation_spec as spec
from rtos_model.machine import revoker_engine as engine
from tests.mutate import mutated
from tests.revoker.bench import LIMIT

SPEC, ENGINE = "rtos_model.machine.revocation_spec", "rtos_model.machine.revoker_engine"
WORDS, STEPS = 3, 12


def schedules(steps):
    """The number of different sequences of so many moves."""
    possible = cache(lambda state: [after for _, after in spec.moves(state)])
    ways = Counter({spec.initial(WORDS): 1})
    for _ in range(steps):
        following = Counter()
        for state, count in ways.items():
            for after in possible(state):
                following[after] += count
        ways = following
    return ways.total()


def test_nothing_stale_is_left_after_an_epoch():
    found = spec.search([spec.initial(WORDS)], spec.moves, spec.holds)
    print(f"specification, {WORDS} words: {found}; {schedules(STEPS):,} schedules of {STEPS} steps")
    assert found.broken is None, found.path(found.broken)
    assert found.depth >= STEPS
    assert any(state.clean for state in found.reached)


SPEC_MUTANTS = {
    "loads are not filtered": ("register=filtered(state.loading, state.painted)", "register=state.loading"),
    "the filter comes too late for an older load": ("if state.loading is None:  # the bitmap", "if True:  #"),
    "the sweep clears nothing": ("with_word(state, state.cursor, filtered(word, state.painted))", "state"),
    "the sweep begins too high": ("cursor=0, covered", "cursor=1, covered"),
    "the sweep ends too low": ("elif state.cursor < len(state.words):", "elif state.cursor < len(state.words) - 1:"),
    "an epoch counts that began before the free": ("covered=free_is_complete(state)", "covered=True"),
    "the end of an epoch counts that never began": ("clean = state.clean or state.covered", "clean = state.painted"),
    "a free is complete while a register is not": (
        "Value.OBJECT not in (state.register, ",
        "Value.OBJECT not in (Value.DATA, ",
    ),
    "what is painted can be allocated": (
        '        else:\n            yield "allocate"',
        '        if 1:\n            yield "allocate"',
    ),
}


@pytest.mark.parametrize("name", SPEC_MUTANTS)
def test_specification_breaks_without(name):
    broken = mutated(SPEC, (SPEC, *SPEC_MUTANTS[name]))
    found = broken.search([broken.initial(WORDS)], broken.moves, broken.holds)
    assert found.broken is not None
    print(", ".join(found.path(found.broken)))


def explored(module, patience):
    """The search of an engine's model, and for each of its states where every action leads, with what shows."""
    edges = {}

    def moves(state):
        edges[state] = [module.cycle(state, action, patience) for action in module.possible(state)]
        return zip(module.possible(state), (after for after, _ in edges[state]), strict=True)

    return spec.search([module.State()], moves, module.holds), edges


def longest(edges):
    """The most cycles in a row of a running sweep without a decision. AssertionError if there is no such number.

    What a state is followed by is looked at before the state itself, in the order of a depth-first walk.
    """
    lengths = {}
    undecided = {
        state: {after for after, shown in ways if after.running and not shown.decided}
        for state, ways in edges.items()
        if state.running
    }
    for start in undecided:
        way = [(start, iter(undecided[start]))] if start not in lengths else []
        open_states = {start}
        while way:
            state, rest = way[-1]
            following = next((after for after in rest if after not in lengths), None)
            if following is None:
                lengths[state] = 1 + max((lengths[after] for after in undecided[state]), default=0)
                open_states.discard(state)
                way.pop()
            else:
                assert following not in open_states, f"the engine can go round without end from {following}"
                open_states.add(following)
                way.append((following, iter(undecided[following])))
    return lengths


@pytest.mark.parametrize("patience", [1, 2])
def test_engine_keeps_the_specification_and_its_time(patience):
    found, edges = explored(engine, patience)
    print(f"engine, patience {patience}: {found}")
    assert found.broken is None, found.path(found.broken)
    assert found.depth >= STEPS
    lengths = longest(edges)
    decisions = {after for ways in edges.values() for after, shown in ways if shown.decided and after.running}
    begun = {after for state, ways in edges.items() for after, _ in ways if after.running and not state.running}
    assert max(lengths[state] for state in decisions) == 2 * patience + 8
    assert max(lengths[state] for state in begun) - RECORD_LAG <= 2 * patience + 8
    assert 2 * PATIENCE + 8 <= LIMIT


ENGINE_MUTANTS = {
    "stores at the answer are not noticed": ("touched=touched(state.asked.word)", "touched=False"),
    "stores at the verdict are not noticed": ("if judged.touched or touched(judged.word):", "if judged.touched:"),
    "stores while clearing waits are not noticed": ("elif clearing and touched(cursor):", "elif False:"),
    "the bitmap is not watched": ("action in (PAINT, REUSE) or (action", "(action"),
    "stores are not watched": (" or (action.word == word and action.name != \"load\")", ""),
    "what was read behind a stale word counts": ("asked, stale, following", "asked, False, following"),
    "a stale word is passed over": ("        cursor = judged.word\n", "        pass\n"),
    "the epoch ends before the last verdict": ("and not state.asked and not judged", "and not state.asked"),
    "no patience": ("waited = state.waited + (not hold) if wants", "waited = 0 if wants"),
    "no insistence": ("hold = state.insisting or", "hold ="),
}  # fmt: skip


@pytest.mark.parametrize("name", ENGINE_MUTANTS)
def test_engine_breaks_without(name):
    broken = mutated(ENGINE, (ENGINE, *ENGINE_MUTANTS[name]), (ENGINE, "WORDS = 3", "WORDS = 2"))
    try:
        found, edges = explored(broken, 1)
        wrong = found.broken and found.path(found.broken)
        wrong = wrong or max(longest(edges).values()) > 2 * 1 + 12
    except (broken.Violation, AssertionError) as error:
        wrong = error
    assert wrong
    print(wrong)
