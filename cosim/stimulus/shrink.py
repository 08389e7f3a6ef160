"""Makes a failing program smaller while it still fails: fewer items, then fewer instructions, then less around them."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from cosim.stimulus.item import Code, Item
from cosim.stimulus.program import RandomProgram

Fails = Callable[[RandomProgram], bool]
NOP = 0x0001
"""A compressed no-op. Instructions become no-ops of their length, because distances inside an item must hold."""
WIDE_NOP = 0x0000_0013


def shrink(program: RandomProgram, fails: Fails) -> RandomProgram:
    """The smallest program found of which `fails` holds, as it must of the one given.

    `fails` is asked a few times per item; it must give up on programs that do not end. Whoever may be interrupted
    keeps the last program of which it was true.
    """
    program = program.with_items(_fewest(program.items, lambda items: fails(program.with_items(items))))
    program = _without_instructions(program, fails)
    for simplify in (_without_interrupts, _without_data):
        simpler = simplify(program)
        if fails(simpler):
            program = simpler
    return program


def _fewest(items: tuple[Item, ...], fails: Callable[[tuple[Item, ...]], bool]) -> tuple[Item, ...]:
    """Take out runs of items, from half of all down to single ones, until no single one can go."""
    size = max(len(items) // 2, 1)
    while True:
        at, went = 0, False
        while at < len(items):
            fewer = items[:at] + items[at + size :]
            if fails(fewer):
                items, went = fewer, True
            else:
                at += size
        if size == 1 and not went:
            return items
        size = max(size // 2, 1)


def _without_instructions(program: RandomProgram, fails: Fails) -> RandomProgram:
    """Turn single instructions of the items that are left into no-ops."""
    for number, item in enumerate(program.items):
        for place, part in enumerate(item.parts):
            if not isinstance(part, Code) or part.word in (NOP, WIDE_NOP):
                continue
            nop = Code(NOP, 2) if part.length == 2 else Code(WIDE_NOP)
            parts = (*program.items[number].parts[:place], nop, *program.items[number].parts[place + 1 :])
            items = _replaced(program.items, number, replace(item, parts=parts))
            if fails(program.with_items(items)):
                program = program.with_items(items)
    return program


def _replaced(items: Sequence[Item], number: int, item: Item) -> tuple[Item, ...]:
    return (*items[:number], item, *items[number + 1 :])


def _without_interrupts(program: RandomProgram) -> RandomProgram:
    return replace(program, parameters=replace(program.parameters, enabled=0))


def _without_data(program: RandomProgram) -> RandomProgram:
    return replace(program, data=bytes(len(program.data)))
