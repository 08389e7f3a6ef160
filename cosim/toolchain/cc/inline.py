"""Inlining in SSA form: small functions, and static ones that are called once."""

from cosim.toolchain.cc.builder import finish
from cosim.toolchain.cc.ir import Block, CallInfo, Function, Value
from cosim.toolchain.cc.tree import Global

SMALL, ONCE, WISHED = 12, 80, 150
"""Operations a function may have to be inlined everywhere, where it is called once, and where it asks for it."""
STACK = 64
"""Bytes of objects on the stack that an inlined function may have."""
LIMIT = 1500
"""Operations beyond which a caller takes in no more."""


def size(function: Function) -> int:
    """Operations that become instructions, roughly."""
    cheap = ("const", "fromint", "frame", "global", "addr")
    return sum(value.op not in cheap for block in function.blocks for value in block.body) + len(function.blocks)


def inline_all(functions: list[Function], addressed: set[Global]) -> list[Function]:
    """Inline, callees first; returns the functions that are still needed. `addressed` have their address taken."""
    known = {function.symbol: function for function in functions}
    calls: dict[Global, int] = {}
    for function in functions:
        for value in _calls(function):
            calls[value.imm.target] = calls.get(value.imm.target, 0) + 1
    finished: dict[Global, bool] = {}
    gone: set[Global] = set()

    def visit(function: Function) -> None:
        if function.symbol in finished:
            return
        finished[function.symbol] = False  # being worked on: a call from here on is recursive
        for value in list(_calls(function)):
            callee = known.get(value.imm.target)
            if callee is not None:
                visit(callee)
        total = size(function)
        for value in list(_calls(function)):
            callee = known.get(value.imm.target)
            if callee is None or not finished.get(callee.symbol) or total > LIMIT:
                continue
            symbol = callee.symbol
            single = symbol.static and calls[symbol] == 1 and symbol not in addressed and not symbol.attributes.used
            if _wanted(callee, single, value.imm):
                _inline(function, value, callee)
                total += size(callee)
                if single:
                    gone.add(symbol)
        finished[function.symbol] = True

    for function in functions:
        visit(function)
    return [function for function in functions if function.symbol not in gone]


def references(function: Function) -> set[Global]:
    """Functions and objects that it names."""
    found = {value.imm.target for value in _calls(function)}
    values = (value for block in function.blocks for value in block.body)
    return found | {value.imm for value in values if isinstance(value.imm, Global)}


def _calls(function: Function):
    for block in function.blocks:
        for value in block.body:
            if value.op == "call" and isinstance(value.imm.target, Global):
                yield value


def _wanted(callee: Function, single: bool, info: CallInfo) -> bool:
    marks = callee.symbol.attributes
    interface = marks.compartment or marks.libcall or marks.callback or marks.interrupts or marks.section
    if marks.noinline or marks.weak or interface or callee.stack_area is not None or info.stack:
        return False
    if len(callee.blocks) == 1 and callee.blocks[0].term[0] == "stop":
        return False
    if sum(slot.size for slot in callee.slots) > STACK and not marks.always_inline:
        return False  # its frame would live as long as the caller's
    limit = WISHED if marks.always_inline else ONCE if single else SMALL
    return size(callee) <= limit


def _inline(caller: Function, call: Value, callee: Function) -> None:
    """Replace one call by a copy of the callee's blocks."""
    same_file = caller.symbol.place.file == callee.symbol.place.file
    block = next(item for item in caller.blocks if call in item.body)
    at = block.body.index(call)
    copies: dict[Value, Value] = dict(zip(callee.params, call.args, strict=False))
    slots = {}
    for slot in callee.slots:
        slots[slot] = type(slot)(slot.name, slot.size, slot.align)
        caller.slots.append(slots[slot])
    blocks = {item: Block() for item in callee.blocks}
    frames: list[Value] = []
    for item in callee.blocks:
        for value in (*item.phis, *item.body):
            imm = slots.get(value.imm, value.imm) if value.op == "frame" else value.imm
            copy = caller.new_value(value.op, (), imm, value.cap)
            copy.volatile, copy.line = value.volatile, value.line if same_file else call.line
            copies[value] = copy

    def mapped(values: tuple) -> tuple:
        return tuple([copies[value] for value in values])

    rest = Block()
    rest.body, rest.term = block.body[at + 1 :], block.term
    for successor in rest.successors():
        successor.preds = [rest if pred is block else pred for pred in successor.preds]
    returns: list[tuple[Block, tuple]] = []
    for item, new in blocks.items():
        for value in item.phis:
            copies[value].args, copies[value].block = mapped(value.args), new
            new.phis.append(copies[value])
        for value in item.body:
            copy = copies[value]
            copy.args, copy.block = mapped(value.args), new
            if value.op == "frame":
                frames.append(copy)
            else:
                new.body.append(copy)
        new.preds = [blocks[pred] for pred in item.preds]
        term = item.term
        if term[0] == "jump":
            new.term = ("jump", blocks[term[1]])
        elif term[0] == "branch":
            new.term = ("branch", term[1], *mapped(term[2:4]), blocks[term[4]], blocks[term[5]])
        elif term[0] == "ret":
            new.term = ("jump", rest)
            returns.append((new, mapped(term[1])))
        else:
            new.term = term
    rest.preds = [item for item, _ in returns]
    entry = blocks[callee.blocks[0]]
    entry.preds.append(block)
    for phi in entry.phis:
        raise AssertionError(f"phi in an entry block: {phi!r}")
    block.body, block.term = block.body[:at], ("jump", entry)
    caller.blocks[0].body[0:0] = frames
    _bind_results(caller, call, rest, returns)
    place = caller.blocks.index(block)
    caller.blocks[place + 1 : place + 1] = [*blocks.values(), rest]
    for value in rest.body:
        value.block = rest
    finish(caller)


def _bind_results(caller: Function, call: Value, rest: Block, returns: list[tuple[Block, tuple]]) -> None:
    results = [call, *(value for value in rest.body if value.op == "result1" and value.args[0] is call)]
    for index, result in enumerate(results[: max(1, len(call.imm.results))]):
        if result is not call:
            rest.body.remove(result)
        if not call.imm.results:
            continue
        if not returns:
            zero = caller.new_value("const", (), 0)
            rest.body.insert(0, zero)
            result.forward = zero
            continue
        phi = caller.new_value("phi", tuple(values[index] for _, values in returns), None, result.cap)
        phi.block = rest
        rest.phis.append(phi)
        result.forward = phi
