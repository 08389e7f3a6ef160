"""All faults, and a design that has them built in: a number chooses between them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from amaranth.hdl import Signal, Value
from amaranth.lib.wiring import Component

from cosim.errors import UserError
from cosim.faults.temporal import TEMPORAL
from cosim.faults.units import UNITS

FAULTS = (*UNITS, *TEMPORAL)
SELECT_BITS = 6
PORT = "fault"
"""Input of a design with faults: 0 for none, or the number of one, counted from 1."""


def number_of(name: str) -> int:
    """The number that selects a fault by its name. Raises UserError with the names there are."""
    names = [fault.name for fault in FAULTS]
    if name not in names:
        raise UserError(f'no fault is called "{name}"; there are: {", ".join(names)}')
    return 1 + names.index(name)


@contextmanager
def planted() -> Iterator[Signal]:
    """While open, whatever is elaborated has all faults built in; the signal given out chooses one (0: none)."""
    select = Signal(SELECT_BITS, name=PORT)
    with ExitStack() as stack:
        for where in dict.fromkeys(fault.where for fault in FAULTS):
            stack.enter_context(patch.object(where, "elaborate", _spoiled(where, select)))
        yield select


def _spoiled(where: type[Component], select: Signal):
    original = where.elaborate

    def elaborate(self, platform):
        m = original(self, platform)
        for number, fault in enumerate(FAULTS, 1):
            if fault.where is where:
                with m.If(select == number):
                    fault.spoil(m, self)
        return m

    return elaborate


def ports_with(select: Signal, component: Component) -> dict:
    """The ports of a component's signature and the selection, as Amaranth's back ends want them."""
    ports = {PORT: (select, None)}
    for path, _member, value in component.signature.flatten(component):
        ports["__".join(map(str, path))] = (Value.cast(value), None)
    return ports
