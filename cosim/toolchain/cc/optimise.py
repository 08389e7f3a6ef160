"""Machine-independent improvements on SSA form. Address arithmetic is never reassociated."""

from cosim.toolchain.cc import graph
from cosim.toolchain.cc.hoist import hoist
from cosim.toolchain.cc.ir import COMMUTATIVE, LOADS, MOMENTARY, PURE, Block, Function, Value, resolve
from cosim.toolchain.cc.irfold import condition, simplify

SHIFTS = {"__ashldi3": "sll", "__lshrdi3": "srl", "__ashrdi3": "sra"}
"""Runtime calls for 64-bit shifts by a variable count."""


def optimise(function: Function) -> None:
    """Number values over the dominator tree, fold, remove what is dead, tidy the graph."""
    graph.clean(function)
    _number_values(function)
    _fold_branches(function)
    graph.clean(function)
    remove_dead(function)
    hoist(function)


def _number_values(function: Function) -> None:
    """Replace each pure operation by an equal one that dominates it."""
    idom = graph.dominators(function)
    children: dict[Block, list[Block]] = {}
    for block in graph.reverse_postorder(function)[1:]:
        children.setdefault(idom[block], []).append(block)
    tables: dict[Block, dict] = {}
    loaded: dict[Block, dict] = {}
    work = [function.blocks[0]]
    while work:
        block = work.pop()
        known = dict(tables[idom[block]]) if block in idom and idom[block] is not block else {}
        tables[block] = known
        follows = len(block.preds) == 1 and block.preds[0] in loaded
        loads = loaded[block] = dict(loaded[block.preds[0]]) if follows else {}
        _number_block(function, block, known, loads)
        work += children.get(block, [])


def _number_block(function: Function, block: Block, known: dict, loads: dict) -> None:
    body: list[Value] = []

    def make(op: str, args: tuple, imm=None) -> Value:
        args = tuple([resolve(arg) for arg in args])
        if op in COMMUTATIVE and args[0].op == "const":
            args = (args[1], args[0])
        simpler = simplify(op, args, imm, make)
        if simpler is not None:
            return simpler
        key = (op, args, imm)
        found = known.get(key)
        if found is None:
            found = function.new_value(op, args, imm, op in ("fromint", "ptradd"))
            found.block = block
            body.append(found)
            known[key] = found
        return found

    halves: dict[int, Value] = {}
    for value in block.body:
        args = value.args
        if value.op == "result1" and args[0].id in halves:
            value.forward = halves[args[0].id]
            continue
        if args:
            value.args = args = tuple([resolve(arg) for arg in args])
        op = value.op
        if op in PURE:
            if op in COMMUTATIVE and args[0].op == "const":
                value.args = args = (args[1], args[0])
            simpler = simplify(op, args, value.imm, make)
            if simpler is None:
                key = (op, args, value.imm)
                simpler = known.get(key)
                if simpler is None:
                    known[key] = value
                    body.append(value)
                    continue
            value.forward = simpler
            continue
        if op in MOMENTARY:
            value.forward = simplify(op, args, value.imm, make)
            if value.forward is not None:
                continue
        elif op in LOADS:
            if not value.volatile:
                key = (op, args[0], value.imm)
                if key in loads:
                    value.forward = loads[key]
                    continue
                loads[key] = value
        elif op == "call" and value.imm.target in SHIFTS and args[2].op == "const":
            low, halves[value.id] = _shifted(*args, SHIFTS[value.imm.target], make)
            value.forward = low
            continue
        elif op != "result1" and op != "asmresult":
            loads.clear()  # a store or a call may change what was loaded
        body.append(value)
    block.body = body
    block.term = _resolved(block.term)


def _shifted(low: Value, high: Value, count: Value, op: str, make) -> tuple[Value, Value]:
    """Both halves of a 64-bit shift whose count turned out to be constant."""
    distance = count.imm & 63

    def by(name: str, value: Value, bits: int) -> Value:
        return make(name, (value, make("const", (), bits)))

    if distance == 0:
        return low, high
    if op == "sll":
        if distance >= 32:
            return make("const", (), 0), by("sll", low, distance - 32)
        spill = by("srl", low, 32 - distance)
        return by("sll", low, distance), make("or", (by("sll", high, distance), spill))
    if distance >= 32:
        return by(op, high, distance - 32), by("sra", high, 31) if op == "sra" else make("const", (), 0)
    spill = by("sll", high, 32 - distance)
    return make("or", (by("srl", low, distance), spill)), by(op, high, distance)


def _resolved(term: tuple) -> tuple:
    if term[0] == "branch":
        return ("branch", term[1], resolve(term[2]), resolve(term[3]), term[4], term[5])
    if term[0] == "ret":
        return ("ret", tuple([resolve(value) for value in term[1]]))
    return term


def _fold_branches(function: Function) -> None:
    for block in function.blocks:
        for phi in block.phis:
            phi.args = tuple([resolve(arg) for arg in phi.args])
    for block in function.blocks:
        term = block.term
        if term[0] == "branch" and term[2].op == "const" and term[3].op == "const":
            taken = condition(term[1], term[2].imm, term[3].imm)
            keep, drop = (term[4], term[5]) if taken else (term[5], term[4])
            block.term = ("jump", keep)
            at = drop.preds.index(block)
            del drop.preds[at]
            for phi in drop.phis:
                phi.args = phi.args[:at] + phi.args[at + 1 :]


def remove_dead(function: Function) -> None:
    """Drop operations and phis whose results nobody needs."""
    needed: set[int] = set()
    work: list[Value] = []
    for block in function.blocks:
        for value in block.body:
            if value.op not in PURE | MOMENTARY and (value.op not in LOADS or value.volatile):
                needed.add(value.id)
                work.append(value)
        if block.term[0] == "branch":
            work += (block.term[2], block.term[3])
        elif block.term[0] == "ret":
            work += block.term[1]
    needed.update(value.id for value in work)
    while work:
        for arg in work.pop().args:
            if arg.id not in needed:
                needed.add(arg.id)
                work.append(arg)
    for block in function.blocks:
        block.phis = [phi for phi in block.phis if phi.id in needed]
        block.body = [value for value in block.body if value.id in needed]
