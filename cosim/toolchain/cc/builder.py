"""Makes SSA code: folding and local value numbering as operations are added, variables by Braun et al. (CC 2013)."""

from cosim.toolchain.cc.ir import COMMUTATIVE, M32, NEGATED, PURE, Block, Function, Value, resolve
from cosim.toolchain.cc.irfold import condition, simplify


class Builder:
    """Appends to `block`; None while code cannot be reached."""

    def __init__(self, function: Function):
        self.function = function
        self.line = 0
        self.block: Block = self.new_block()
        self.block.sealed = True
        self.start(self.block)

    # blocks

    def new_block(self) -> Block:
        return Block()

    def start(self, block: Block) -> None:
        """Continue in `block`, which takes the next place in the layout."""
        block.index = len(self.function.blocks)
        self.function.blocks.append(block)
        self.block = block

    def jump(self, target: Block) -> None:
        if self.block.term is None:
            self.block.term = ("jump", target)
            self._edge(target)

    def branch(self, cond: str, a: Value, b: Value, yes: Block, no: Block) -> None:
        if self.block.term is not None:
            return
        a, b = resolve(a), resolve(b)
        if a.op == "const" and b.op == "const":
            self.jump(yes if condition(cond, a.imm, b.imm) else no)
            return
        if cond in ("eq", "ne") and b.op == "const" and b.imm == 0 and a.op in ("seq", "sne", "slt", "sltu"):
            negate = cond == "eq"
            cond = {"seq": "eq", "sne": "ne", "slt": "lt", "sltu": "ltu"}[a.op]
            cond = NEGATED[cond] if negate else cond
            a, b = a.args
            return self.branch(cond, a, b, yes, no)
        if yes is no:
            self.jump(yes)
            return
        self.block.term = ("branch", cond, a, b, yes, no)
        self._edge(yes)
        self._edge(no)

    def ret(self, values: tuple[Value, ...]) -> None:
        if self.block.term is None:
            self.block.term = ("ret", values)

    def stop(self) -> None:
        if self.block.term is None:
            self.block.term = ("stop",)

    def _edge(self, target: Block) -> None:
        target.preds.append(self.block)

    def seal(self, block: Block) -> None:
        """All predecessors of `block` are known now."""
        block.sealed = True
        for key, phi, cap in block.pending:
            self._add_operands(key, phi, cap)
        block.pending = []

    # operations

    def emit(self, op: str, args: tuple = (), imm=None, cap: bool = False) -> Value:
        """Add an operation, or return an equal or simpler value that is there already."""
        args = tuple([resolve(arg) for arg in args])
        if op in COMMUTATIVE and args[0].op == "const":
            args = (args[1], args[0])
        if op in PURE:
            simpler = simplify(op, args, imm, self._make)
            if simpler is not None:
                return simpler
            key = (op, args, imm)
            known = self.block.known.get(key)
            if known is not None:
                return known
            value = self._append(op, args, imm, cap)
            self.block.known[key] = value
            return value
        return self._append(op, args, imm, cap)

    def _make(self, op: str, args: tuple, imm=None) -> Value:
        return self.emit(op, args, imm, cap=op in ("fromint", "ptradd"))

    def _append(self, op: str, args: tuple, imm, cap: bool) -> Value:
        value = self.function.new_value(op, args, imm, cap)
        value.block, value.line = self.block, self.line
        self.block.body.append(value)
        return value

    def const(self, number: int) -> Value:
        return self.emit("const", (), number & M32)

    def null(self) -> Value:
        return self.emit("fromint", (self.const(0),), cap=True)

    def offset(self, pointer: Value, offset: int) -> Value:
        return self.emit("ptradd", (pointer, self.const(offset)), cap=True) if offset else pointer

    # variables

    def write(self, key, value: Value) -> None:
        self.block.defs[key] = value

    def read(self, key, cap: bool) -> Value:
        return self._read(key, self.block, cap)

    def _read(self, key, block: Block, cap: bool) -> Value:
        walked = []
        while True:
            value = block.defs.get(key)
            if value is not None:
                value = resolve(value)
                break
            if not block.sealed:
                value = self._phi(block, cap)
                block.pending.append((key, value, cap))
                break
            if len(block.preds) == 1:
                walked.append(block)
                block = block.preds[0]
                continue
            if not block.preds:
                value = self._undefined(block, cap)
                break
            value = self._phi(block, cap)
            block.defs[key] = value
            value = self._add_operands(key, value, cap)
            break
        block.defs[key] = value
        for passed in walked:
            passed.defs[key] = value
        return value

    def _phi(self, block: Block, cap: bool) -> Value:
        phi = self.function.new_value("phi", (), None, cap)
        phi.block = block
        block.phis.append(phi)
        return phi

    def _undefined(self, block: Block, cap: bool) -> Value:
        """A variable read before any assignment: zero, so that every run does the same."""
        zero = self.function.new_value("const", (), 0)
        zero.block = block
        block.body.insert(0, zero)
        if not cap:
            return zero
        null = self.function.new_value("fromint", (zero,), None, True)
        null.block = block
        block.body.insert(1, null)
        return null

    def _add_operands(self, key, phi: Value, cap: bool) -> Value:
        phi.args = tuple([self._read(key, pred, cap) for pred in phi.block.preds])
        return simplify_phi(phi)


def simplify_phi(phi: Value) -> Value:
    """Forward a phi whose operands are all one value (or itself)."""
    same = None
    for arg in phi.args:
        arg = resolve(arg)
        if arg is same or arg is phi:
            continue
        if same is not None:
            return phi
        same = arg
    if same is None:
        return phi
    phi.forward = same
    return same


def finish(function: Function) -> None:
    """Remove forwarded phis everywhere; drop blocks that control never reaches."""
    prune(function)
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
        block.defs, block.known = {}, {}
    if function.stack_area is not None:
        function.stack_area = resolve(function.stack_area)


def resolved_term(term: tuple) -> tuple:
    if term[0] == "branch":
        return ("branch", term[1], resolve(term[2]), resolve(term[3]), term[4], term[5])
    if term[0] == "ret":
        return ("ret", tuple([resolve(value) for value in term[1]]))
    return term


def prune(function: Function) -> None:
    """Drop unreachable blocks and their edges; renumber the rest in layout order."""
    for block in function.blocks:
        if block.term is None:
            block.term = ("stop",)
    reached, work = {function.blocks[0]: True}, [function.blocks[0]]
    while work:
        for successor in work.pop().successors():
            if successor not in reached:
                reached[successor] = True
                work.append(successor)
    function.blocks = [block for block in function.blocks if block in reached]
    for index, block in enumerate(function.blocks):
        block.index = index
        if any(pred not in reached for pred in block.preds):
            keep = [at for at, pred in enumerate(block.preds) if pred in reached]
            block.preds = [block.preds[at] for at in keep]
            for phi in block.phis:
                phi.args = tuple([phi.args[at] for at in keep])
