"""Mistakes in step programs that can be told before anything runs: each raises ServiceModelError with one line."""

import inspect
from collections.abc import Mapping
from functools import cache

from rtos_model.services.entries import Entry
from rtos_model.services.errors import ServiceModelError
from rtos_model.services.registry import ENTRIES
from rtos_model.services.steps import Do, Step, walk


def check(program: Mapping[str, object]) -> None:
    """Every call of an RTOS function has as many arguments as the function takes."""
    for name, body in program.items():
        if not callable(body):
            _check_calls(name, body)  # type: ignore[arg-type]


def _check_calls(place: str, body: tuple[Step, ...]) -> None:
    for one in walk(body):
        if isinstance(one, Do) and one.function in ENTRIES:
            least, names = parameters(ENTRIES[one.function])
            given = len(one.arguments)
            if given < least or (given > len(names) and "*" not in names):
                wanted = f"{least}" if least == len(names) else f"{least} to {len(names)}"
                raise ServiceModelError(
                    f"{place}: {one.function} takes {wanted} arguments ({', '.join(names)}), {given} are given"
                )


@cache
def parameters(entry: Entry) -> tuple[int, tuple[str, ...]]:
    """How many arguments a function needs, and the names of all it takes; `*` stands for any number."""
    found = [*inspect.signature(entry.run).parameters.values()][1:]
    least = sum(one.default is one.empty and one.kind is not one.VAR_POSITIONAL for one in found)
    return least, tuple("*" if one.kind is one.VAR_POSITIONAL else one.name for one in found)
