"""The operations of a unit, taken from the instruction table: their names, and an enumeration of them."""

import enum

from rtl.isa.table import INSNS, Unit


def operation_names(unit: Unit) -> tuple[str, ...]:
    """The distinct operations of the unit's rows in table order; a name's index is the unit's `op`."""
    return tuple(dict.fromkeys(row.op for row in INSNS if row.unit is unit))


def operations(name: str, unit: Unit) -> type[enum.Enum]:
    """One member per operation of the unit, in upper case, numbered by `op`."""
    return enum.Enum(name, {op.upper(): number for number, op in enumerate(operation_names(unit))})
