"""The operations of a unit as an enumeration, taken from the instruction table."""

import enum

from rtl.isa.table import INSNS, Unit


def operations(name: str, unit: Unit) -> type[enum.Enum]:
    """One member per operation of the unit's rows, in table order, numbered from 0."""
    ops = dict.fromkeys(row.op.upper() for row in INSNS if row.unit is unit)
    return enum.Enum(name, {op: number for number, op in enumerate(ops)})
