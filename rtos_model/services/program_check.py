"""Mistakes in step programs that can be told before anything runs: each raises ServiceModelError with one line."""

import inspect
from collections.abc import Mapping
from functools import cache
from typing import get_args

from rtos_model.services.entries import Entry
from rtos_model.services.errors import ServiceModelError
from rtos_model.services.interpreter import OPERATORS, QUESTIONS
from rtos_model.services.pointers import LETTERS
from rtos_model.services.registry import ENTRIES
from rtos_model.services.steps import Ask, Do, During, If, Narrow, Op, Say, Step, walk

STEPS = get_args(Step)


def check(program: Mapping[str, object]) -> None:
    """Bodies are made of steps, steps of what they may be made of; calls have the arguments their function takes."""
    for place, body in program.items():
        if not callable(body):
            _check_body(place, body)


def _check_body(place: str, body: object) -> None:
    if not isinstance(body, tuple):
        raise ServiceModelError(
            f"{place}: a body is a tuple of steps, not {body!r}; a single step needs a comma: (step,)"
        )
    for step in body:
        if not isinstance(step, STEPS):
            raise ServiceModelError(f"{place}: {step!r} is no step; see the table in rtos_model/services/steps.py")
        inner = {If: ("then", "otherwise"), During: ("body", "handler")}.get(type(step), ("body",))
        for name in inner:
            if hasattr(step, name):
                _check_body(place, getattr(step, name))
    for record in walk(body):
        _check_record(place, record)


def _check_record(place: str, record: object) -> None:
    match record:
        case Op(op) if op not in OPERATORS:
            raise ServiceModelError(f"{place}: {record}: operators are {' '.join(OPERATORS)}")
        case Ask(what) if what not in QUESTIONS:
            raise ServiceModelError(f"{place}: {record}: ask one of {', '.join(QUESTIONS)}")
        case Narrow(keep=str(keep)) if set(keep) - set(LETTERS):
            raise ServiceModelError(f"{place}: {record}: permissions are letters of {LETTERS}")
        case Say(_, values) if not isinstance(values, tuple):
            raise ServiceModelError(f"{place}: {record}: values are a tuple; say(text, value, ...) makes one")
        case Do(function, arguments) if function in ENTRIES:
            _check_call(place, ENTRIES[function], len(arguments))


def _check_call(place: str, entry: Entry, given: int) -> None:
    least, names = parameters(entry)
    if given < least or (given > len(names) and "*" not in names):
        wanted = f"{least}" if least == len(names) else f"{least} to {len(names)}"
        raise ServiceModelError(f"{place}: {entry.name} takes {wanted} ({', '.join(names)}), but {given} are given")


@cache
def parameters(entry: Entry) -> tuple[int, tuple[str, ...]]:
    """How many arguments a function needs, and the names of all it takes; `*` stands for any number."""
    found = [*inspect.signature(entry.run).parameters.values()][1:]
    least = sum(one.default is one.empty and one.kind is not one.VAR_POSITIONAL for one in found)
    return least, tuple("*" if one.kind is one.VAR_POSITIONAL else one.name for one in found)
