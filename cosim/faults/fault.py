"""What a deliberate fault is.

A fault appends assignments to what a component's `elaborate` returns; the last assignment to a signal wins, so the
circuit's own text knows nothing of faults.
"""

from collections.abc import Callable
from dataclasses import dataclass

from amaranth.hdl import Module
from amaranth.lib.wiring import Component

Spoil = Callable[[Module, Component], None]


@dataclass(frozen=True)
class Fault:
    """`spoil` adds the wrong assignments to the module of a component of class `where`.

    `program` is the directed program that shows it (`cosim.directed`); without one, the demo and random programs do.
    `errata` names what others have published of the same mistake in theirs.
    """

    name: str
    text: str
    where: type[Component]
    spoil: Spoil
    program: str | None = None
    errata: str = ""


class Faults(list[Fault]):
    """A list that grows by decorated functions."""

    def add(self, name: str, text: str, where: type[Component], program: str | None = None, errata: str = ""):
        def register(spoil: Spoil) -> Spoil:
            self.append(Fault(name, text, where, spoil, program, errata))
            return spoil

        return register
