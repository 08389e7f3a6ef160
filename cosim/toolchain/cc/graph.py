"""Shape of the control-flow graph: dominators, loops, critical edges, and its clean-up."""

from cosim.toolchain.cc.builder import prune, resolved_term, simplify_phi
from cosim.toolchain.cc.ir import Block, Function, resolve


def reverse_postorder(function: Function) -> list[Block]:
    seen, order = {function.blocks[0]: True}, []
    stack = [(function.blocks[0], iter(function.blocks[0].successors()))]
    while stack:
        block, rest = stack[-1]
        following = next(rest, None)
        if following is None:
            order.append(block)
            stack.pop()
        elif following not in seen:
            seen[following] = True
            stack.append((following, iter(following.successors())))
    return order[::-1]


def dominators(function: Function) -> dict[Block, Block]:
    """Immediate dominator of each block; the entry's is itself (Cooper, Harvey, Kennedy)."""
    order = reverse_postorder(function)
    rank = {block: at for at, block in enumerate(order)}
    entry = order[0]
    idom: dict[Block, Block] = {entry: entry}
    changed = True
    while changed:
        changed = False
        for block in order[1:]:
            new = None
            for pred in block.preds:
                if pred in idom:
                    new = pred if new is None else _meet(idom, rank, pred, new)
            if idom.get(block) is not new:
                idom[block] = new
                changed = True
    return idom


def _meet(idom: dict[Block, Block], rank: dict[Block, int], a: Block, b: Block) -> Block:
    while a is not b:
        while rank[a] > rank[b]:
            a = idom[a]
        while rank[b] > rank[a]:
            b = idom[b]
    return a


def common_dominator(idom: dict[Block, Block], level: dict[Block, int], a: Block, b: Block) -> Block:
    while a is not b:
        if level[a] >= level[b]:
            a = idom[a]
        else:
            b = idom[b]
    return a


def dominator_levels(function: Function, idom: dict[Block, Block]) -> dict[Block, int]:
    """Depth of each block in the dominator tree."""
    level = {function.blocks[0]: 0}
    for block in reverse_postorder(function):
        if block not in level:
            level[block] = level[idom[block]] + 1
    return level


def mark_loops(function: Function, idom: dict[Block, Block]) -> None:
    """Set each block's loop depth from the natural loops."""
    loops: dict[Block, dict[Block, bool]] = {}
    level = dominator_levels(function, idom)
    for block in function.blocks:
        block.depth = 0
        for header in block.successors():
            if common_dominator(idom, level, block, header) is header:
                body = loops.setdefault(header, {header: True})
                work = [block]
                while work:
                    item = work.pop()
                    if item not in body:
                        body[item] = True
                        work += item.preds
    for body in loops.values():
        for block in body:
            block.depth += 1


def replace_target(block: Block, old: Block, new: Block) -> None:
    block.term = tuple(new if part is old else part for part in block.term)


def clean(function: Function) -> None:
    """Fold constant branches, bypass empty blocks, join chains, drop what is unreachable."""
    changed = True
    while changed:
        changed = False
        for block in function.blocks:
            term = block.term
            if term[0] == "branch" and term[4] is term[5]:
                block.term = ("jump", term[4])
                _drop_edge(block, term[4])
                changed = True
        for block in function.blocks[1:]:
            if not block.body and not block.phis and block.term[0] == "jump" and _bypass(block):
                changed = True
        if changed:
            prune(function)
        changed |= _join_chains(function)
    prune(function)
    _settle_phis(function)


def _drop_edge(source: Block, target: Block) -> None:
    """Remove one of the edges source -> target."""
    at = target.preds.index(source)
    del target.preds[at]
    for phi in target.phis:
        phi.args = phi.args[:at] + phi.args[at + 1 :]


def _bypass(block: Block) -> bool:
    """Let the predecessors of an empty block jump to its target, where phis allow it."""
    target = block.term[1]
    if target is block or not block.preds:
        return False
    if target.phis and any(pred in target.preds for pred in block.preds):
        return False
    if target.phis and len(set(block.preds)) != len(block.preds):
        return False
    at = target.preds.index(block)
    for pred in block.preds:
        replace_target(pred, block, target)
    count = len(block.preds)
    target.preds[at : at + 1] = block.preds
    for phi in target.phis:
        phi.args = phi.args[:at] + (phi.args[at],) * count + phi.args[at + 1 :]
    block.preds = []
    block.term = ("stop",)
    return True


def _join_chains(function: Function) -> bool:
    joined = False
    gone: dict[Block, bool] = {}
    for block in function.blocks:
        if block in gone:
            continue
        while block.term[0] == "jump":
            target = block.term[1]
            if len(target.preds) != 1 or target is block or target is function.blocks[0]:
                break
            for phi in target.phis:
                phi.forward = resolve(phi.args[0])
            for value in target.body:
                value.block = block
            block.body += target.body
            block.term = target.term
            for successor in block.successors():
                successor.preds = [block if pred is target else pred for pred in successor.preds]
            target.phis, target.body, target.term, target.preds = [], [], ("stop",), []
            gone[target] = joined = True
    if joined:
        function.blocks = [block for block in function.blocks if block not in gone]
        _settle_phis(function)
    return joined


def _settle_phis(function: Function) -> None:
    """Apply forwards and remove phis that merge nothing."""
    changed = True
    while changed:
        changed = False
        for block in function.blocks:
            for phi in block.phis:
                if phi.forward is None and simplify_phi(phi) is not phi:
                    changed = True
    for block in function.blocks:
        block.phis = [phi for phi in block.phis if phi.forward is None]
        for value in block.phis:
            value.args = tuple([resolve(arg) for arg in value.args])
        for value in block.body:
            value.args = tuple([resolve(arg) for arg in value.args])
        block.term = resolved_term(block.term)
    if function.stack_area is not None:
        function.stack_area = resolve(function.stack_area)


def split_critical_edges(function: Function) -> None:
    """Give every edge from a branch to a join a block of its own, right behind the branch."""
    layout: list[Block] = []
    for block in function.blocks:
        layout.append(block)
        if block.term[0] != "branch":
            continue
        for target in block.successors():
            if len(target.preds) > 1:
                middle = Block()
                middle.term, middle.preds, middle.depth = ("jump", target), [block], min(block.depth, target.depth)
                replace_target(block, target, middle)
                target.preds[target.preds.index(block)] = middle
                layout.append(middle)
    function.blocks = layout
    for index, block in enumerate(function.blocks):
        block.index = index
