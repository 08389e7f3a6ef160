"""What the sweep reaches outside memory: the variables of Python code that runs as a thread (HP-43).

A thread is a chain of suspended generators. Their local variables stand for saved registers and spilled values, so a
sweep takes the tag of every dead capability in them, also inside tuples, lists and dictionaries. Without this, code
that keeps a pointer over a wait could use it again once the memory has a new owner.
"""

import ctypes
import inspect
import sys
from collections.abc import Callable, Generator
from types import FrameType

from rtos_model.machine.capability import Cap

Filter = Callable[[Cap], Cap]


def sweep_suspended(body: Generator | None, filtered: Filter) -> None:
    """All frames of a thread that does not run."""
    while inspect.isgenerator(body) and body.gi_frame is not None:
        _sweep_frame(body.gi_frame, filtered)
        body = body.gi_yieldfrom


def sweep_running(filtered: Filter) -> None:
    """All generators on the Python stack: the thread that runs, from the call that led here outwards."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_flags & inspect.CO_GENERATOR:
            _sweep_frame(frame, filtered)
        frame = frame.f_back


def _sweep_frame(frame: FrameType, filtered: Filter) -> None:
    variables = frame.f_locals
    changed = {}
    for name, value in variables.items():
        swept = _swept(value, filtered)
        if swept is not value:
            changed[name] = swept
    if changed:
        variables.update(changed)
        ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(0))  # needed before Python 3.13


def _swept(value: object, filtered: Filter) -> object:
    """The value with dead capabilities untagged; the very same object if there are none."""
    if isinstance(value, Cap):
        return filtered(value)
    if type(value) is tuple:
        items = tuple(_swept(one, filtered) for one in value)
        return value if all(a is b for a, b in zip(items, value, strict=True)) else items
    if type(value) is list:
        value[:] = [_swept(one, filtered) for one in value]
    elif type(value) is dict:
        for name, one in list(value.items()):
            value[name] = _swept(one, filtered)
    return value
