"""Loop-invariant code motion for operations without effects. Each value is computed as written, only earlier."""

from cosim.toolchain.cc import graph
from cosim.toolchain.cc.ir import PURE, Block, Function, Value

PLACED_LATER = frozenset(("const", "frame", "global", "slot", "fromint"))
"""Made anew where they are needed: instruction selection finds their place."""


def hoist(function: Function) -> None:
    """Move every invariant operation to the nearest place of the least loop depth where its operands are known."""
    idom = graph.dominators(function)
    graph.mark_loops(function, idom)
    if not any(block.depth for block in function.blocks):
        return
    level = graph.dominator_levels(function, idom)
    home: dict[Value, Block] = {}
    for block in function.blocks:
        for value in (*block.phis, *block.body):
            home[value] = block
    entry = function.blocks[0]
    for block in graph.reverse_postorder(function):
        if not block.depth:
            continue
        stay: list[Value] = []
        for value in block.body:
            target = _target(value, block, home, idom, level, entry) if value.op in PURE else block
            if target is block:
                stay.append(value)
            else:
                target.body.append(value)
                home[value] = value.block = target
        block.body = stay


def _target(value: Value, block: Block, home: dict, idom: dict, level: dict, entry: Block) -> Block:
    if value.op in PLACED_LATER:
        return _earliest(value, home, level, entry) if value.op == "fromint" else entry
    earliest = _earliest(value, home, level, entry)
    best = at = block
    while at is not earliest:
        at = idom[at]
        if at.depth < best.depth:
            best = at
    return best


def _earliest(value: Value, home: dict, level: dict, entry: Block) -> Block:
    earliest = entry
    for arg in value.args:
        place = home.get(arg, entry)
        if level[place] > level[earliest]:
            earliest = place
    return earliest
