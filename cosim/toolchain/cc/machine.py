"""Machine code before registers are chosen: instructions over virtual registers."""

from __future__ import annotations

from dataclasses import dataclass, field

from cosim.toolchain.cc.ir import Function, Slot, Value

ZERO = -1
"""Operand that is always c0."""

REGISTER_NAMES = "zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5".split()
RA, SP, GP, TP = 1, 2, 3, 4
SCRATCH = TP
"""Never allocated: macros and moves may use it between any two instructions."""
CALL_TARGET = 6
STACK_AREA = 5
ARGUMENTS = tuple(range(10, 16))
CALLEE_SAVED = (8, 9)
CALLER_SAVED = (10, 11, 12, 13, 14, 15, 5, 6, 7)


class Ins:
    """One instruction (or macro). `uses` must be in registers; `moves` are (register, value) pairs that are
    set up in parallel right before it, from wherever the values are."""

    __slots__ = ("defs", "imm", "line", "moves", "op", "uses")

    def __init__(self, op: str, defs: tuple = (), uses: tuple = (), imm=None, moves: tuple = (), line: int = 0):
        self.op, self.defs, self.uses, self.imm, self.moves = op, defs, uses, imm, moves
        self.line = line

    def __repr__(self) -> str:
        return f"{self.op} {self.defs} <- {self.uses} {self.imm} {[(r, v.id) for r, v in self.moves]}"


@dataclass(slots=True, eq=False)
class Code:
    """A function's instructions block by block (parallel to `function.blocks`), the terminator last."""

    function: Function
    blocks: list[list[Ins]] = field(default_factory=list)
    values: dict[int, Value] = field(default_factory=dict)
    outgoing: int = 0
    makes_calls: bool = False

    def slots(self) -> list[Slot]:
        return self.function.slots


def alias(value: Value) -> Value:
    """An integer as a null-derived capability is the very same register content."""
    while value.op == "fromint":
        value = value.args[0]
    return value


REMATERIAL = frozenset(("const", "frame", "global", "slot"))
"""Values that are cheaper to make again than to keep in memory."""
