"""From the typed tree to SSA form: expressions and calls."""

from cosim.toolchain.cc import interface, tree
from cosim.toolchain.cc.builtinops import BuiltinLowering
from cosim.toolchain.cc.ir import Block, Value
from cosim.toolchain.cc.lowercall import CallLowering, is_wide
from cosim.toolchain.cc.memory import Address, Scalar
from cosim.toolchain.cc.tree import Const, Expr
from cosim.toolchain.cc.types import BOOL, CType, IntCapType, IntType

OPS = {"+": "add", "-": "sub", "*": "mul", "&": "and", "|": "or", "^": "xor", "<<": "sll"}
CONDITIONS = {"==": "eq", "!=": "ne", "<": "lt", ">=": "ge"}
LVALUES = (tree.LocalRef, tree.GlobalRef, tree.Deref, tree.Member, tree.CompoundLiteral)


class ExpressionLowering(BuiltinLowering, CallLowering):
    """The part of lowering for expressions; the value of a record is the address of its bytes."""

    def value(self, node: Expr) -> Scalar:
        return _VALUES[type(node)](self, node)

    def discard(self, node: Expr) -> None:
        """Evaluate for effects only."""
        if isinstance(node, tree.Cast) and node.type.is_void:
            self.discard(node.value)
        elif isinstance(node, tree.Comma):
            self.discard(node.left)
            self.discard(node.right)
        elif node.type.is_record:
            if not isinstance(node, tree.LocalRef | tree.GlobalRef):
                self.record(node)
        elif isinstance(node, tree.Conditional):
            yes, no, after = self.b.new_block(), self.b.new_block(), self.b.new_block()
            self.branch(node.cond, yes, no)
            for block, part in ((yes, node.yes), (no, node.no)):
                self.b.seal(block)
                self.b.start(block)
                self.discard(part)
                self.b.jump(after)
            self.b.seal(after)
            self.b.start(after)
        elif isinstance(node, tree.Update):
            self._update(node, needed=False)
        else:
            self.value(node)

    # lvalues

    def address(self, node: Expr) -> Address:
        """Where an lvalue lies."""
        if isinstance(node, tree.LocalRef):
            return self.home(node.var)
        if isinstance(node, tree.GlobalRef):
            slot = interface.address_slot(node.symbol, self.unit.compartment)
            if slot is not None:
                return Address(self.b.emit("slot", (), slot, cap=True))
            return Address(self.b.emit("global", (), node.symbol, cap=True))
        if isinstance(node, tree.Deref):
            return self._pointee(node.pointer)
        if isinstance(node, tree.Member):
            base = self.address(node.base) if isinstance(node.base, LVALUES) else self.record(node.base)
            return base.plus(node.offset)
        assert isinstance(node, tree.CompoundLiteral), node
        node.var.in_memory = True
        home = self.home(node.var)
        self.initialise(node.var.type, home, node.items)
        return home

    def _pointee(self, pointer: Expr) -> Address:
        """Constant indices into an object stay an offset: no address is formed for them."""
        if isinstance(pointer, tree.PointerAdd) and isinstance(pointer.index, Const):
            offset = pointer.index.value * pointer.scale
            inner = self._pointee(pointer.pointer)
            return inner.plus(-offset if pointer.subtract else offset)
        if isinstance(pointer, tree.AddressOf):
            return self.address(pointer.lvalue)
        return Address(self.value(pointer))

    def record(self, node: Expr) -> Address:
        """Where the bytes of a record value lie."""
        if isinstance(node, LVALUES):
            return self.address(node)
        if isinstance(node, tree.Assign):
            target, source = self.address(node.lvalue), self.record(node.value)
            self.copy(node.lvalue.type, target, source)
            return target
        if isinstance(node, tree.Call):
            return self._record_call(node)
        if isinstance(node, tree.Comma):
            self.discard(node.left)
            return self.record(node.right)
        if isinstance(node, tree.StatementExpr):
            self.statement(node.body)
            return self.record(node.value)
        if isinstance(node, tree.VaArg):
            return self._va_record(node)
        assert isinstance(node, tree.Conditional), node
        home = self.new_slot("<merged>", node.type)
        yes, no, after = self.b.new_block(), self.b.new_block(), self.b.new_block()
        self.branch(node.cond, yes, no)
        for block, part in ((yes, node.yes), (no, node.no)):
            self.b.seal(block)
            self.b.start(block)
            self.copy(node.type, home, self.record(part))
            self.b.jump(after)
        self.b.seal(after)
        self.b.start(after)
        return home

    def _lvalue(self, node: Expr) -> Scalar:
        if node.type.is_record:
            return self.pointer(self.address(node))
        if isinstance(node, tree.LocalRef):
            return self.variable(node.var)
        if isinstance(node, tree.CompoundLiteral) and not node.var.in_memory:
            return self.value(node.items[0].value) if node.items else self.zero(node.type)
        place = self.address(node)
        if isinstance(node, tree.Member) and node.field.width is not None:
            return self.load_bits(node.type, node.field, place)
        return self.load(node.type, place)

    def _store_to(self, node: Expr, value: Scalar, place: Address | None) -> Scalar:
        """Assign to an lvalue; returns the value it then has."""
        if isinstance(node, tree.LocalRef) and not node.var.in_memory:
            self.set_variable(node.var, value)
            return value
        if isinstance(node, tree.Member) and node.field.width is not None:
            return self.store_bits(node.type, node.field, place, value)
        self.store(node.type, place, value)
        return value

    def _place_for(self, node: Expr) -> Address | None:
        return None if isinstance(node, tree.LocalRef) and not node.var.in_memory else self.address(node)

    def _assign(self, node: tree.Assign) -> Scalar:
        if node.type.is_record:
            return self.pointer(self.record(node))
        place = self._place_for(node.lvalue)
        return self._store_to(node.lvalue, self.value(node.value), place)

    def _update(self, node: tree.Update, needed: bool = True) -> Scalar:
        lvalue = node.lvalue
        place = self._place_for(lvalue)
        if place is None:
            before = self.variable(lvalue.var)
        elif isinstance(lvalue, tree.Member) and lvalue.field.width is not None:
            before = self.load_bits(lvalue.type, lvalue.field, place)
        else:
            before = self.load(lvalue.type, place)
        self.holes[node.hole] = before
        after = self._store_to(lvalue, self.value(node.result), place)
        return before if node.old and needed else after

    # simple values

    def _const(self, node: Const) -> Scalar:
        if is_wide(node.type):
            return self.wide_const(node.value)
        if node.type.is_cap:
            return self.b.emit("fromint", (self.b.const(node.value),), cap=True)
        return self.b.const(node.value)

    def _hole(self, node: tree.Hole) -> Scalar:
        return self.holes[node]

    def _address_of(self, node: tree.AddressOf) -> Value:
        return self.pointer(self.address(node.lvalue))

    def _comma(self, node: tree.Comma) -> Scalar:
        self.discard(node.left)
        return self.value(node.right)

    def _statement_expression(self, node: tree.StatementExpr) -> Scalar:
        self.statement(node.body)
        return self.value(node.value) if node.value is not None else self.b.const(0)

    def _unary(self, node: tree.Unary) -> Scalar:
        value = self.value(node.value)
        if is_wide(node.type):
            if node.op == "-":
                return self.wide_binary("-", node.type, self.wide_const(0), value)
            return self.wide_binary("^", node.type, value, self.wide_const(-1))
        if isinstance(node.type, IntCapType):
            address = self.b.emit("addr", (value,))
            return self.b.emit("setaddr", (value, self._negated(node.op, address)), cap=True)
        return self._negated(node.op, value)

    def _negated(self, op: str, value: Value) -> Value:
        if op == "-":
            return self.b.emit("sub", (self.b.const(0), value))
        return self.b.emit("xor", (value, self.b.const(-1)))

    def _binary(self, node: tree.Binary) -> Scalar:
        op, ctype = node.op, node.type
        left = self.value(node.left)
        if op in ("<<", ">>"):
            right = self.value(node.right)
            if isinstance(left, tuple):
                return self.shift(op, ctype.signed, left, right)
            if isinstance(ctype, IntCapType):
                return self._on_address(op, ctype, left, right)
            return self._narrow_binary(op, ctype, left, right)
        right = self.value(node.right)
        if isinstance(left, tuple):
            return self.wide_binary(op, ctype, left, right)
        if isinstance(ctype, IntCapType):
            return self._on_address(op, ctype, left, self.b.emit("addr", (right,)))
        return self._narrow_binary(op, ctype, left, right)

    def _narrow_binary(self, op: str, ctype: CType, a: Value, b: Value) -> Value:
        if op in OPS:
            return self.b.emit(OPS[op], (a, b))
        name = {"/": "div", "%": "rem", ">>": "sra"} if ctype.signed else {"/": "divu", "%": "remu", ">>": "srl"}
        return self.b.emit(name[op], (a, b))

    def _on_address(self, op: str, ctype: IntCapType, left: Value, right: Value) -> Value:
        """Arithmetic on uintptr_t: the address changes, the rest is the left operand's."""
        if op == "+":
            return self.b.emit("ptradd", (left, right), cap=True)
        address = self._narrow_binary(op, ctype, self.b.emit("addr", (left,)), right)
        return self.b.emit("setaddr", (left, address), cap=True)

    def _pointer_add(self, node: tree.PointerAdd) -> Value:
        pointer = self.value(node.pointer)
        index = self.value(node.index)
        scaled = self.b.emit("mul", (index, self.b.const(node.scale)))
        if node.subtract:
            scaled = self.b.emit("sub", (self.b.const(0), scaled))
        return self.b.emit("ptradd", (pointer, scaled), cap=True)

    def _pointer_difference(self, node: tree.PointerDiff) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        distance = self.b.emit("csub", (left, right))
        if node.scale & (node.scale - 1) == 0:
            return self.b.emit("sra", (distance, self.b.const(node.scale.bit_length() - 1)))
        return self.b.emit("div", (distance, self.b.const(node.scale)))

    # conversions

    def _cast(self, node: tree.Cast) -> Scalar:
        source, target = node.value.type, node.type
        if target.is_void:
            self.discard(node.value)
            return self.b.const(0)
        return self.converted(source, target, self.value(node.value))

    def converted(self, source: CType, target: CType, value: Scalar) -> Scalar:
        if isinstance(target, IntType) and target.rank == BOOL.rank:
            return self._truth(source, value)
        if target.is_cap:
            if source.is_cap:
                return value
            low = value[0] if isinstance(value, tuple) else value
            return self.b.emit("fromint", (low,), cap=True)
        if source.is_cap:
            value = self.b.emit("addr", (value,))
            signed = isinstance(source, IntCapType) and source.signed
            return self.widen(value, signed) if target.size == 8 else self.narrowed(target, value)
        if is_wide(target):
            return value if isinstance(value, tuple) else self.widen(value, source.signed)
        return self.narrowed(target, value[0] if isinstance(value, tuple) else value)

    def narrowed(self, target: CType, value: Value) -> Value:
        """The value as `target` holds it: narrow types are kept extended to 32 bits."""
        if target.size == 4 or target.is_cap:
            return value
        if target.rank == BOOL.rank:
            return self.b.emit("and", (value, self.b.const(1)))
        return self.b.emit(f"{'s' if target.signed else 'z'}ext{8 * target.size}", (value,))

    def _truth(self, ctype: CType, value: Scalar) -> Value:
        if isinstance(value, tuple):
            value = self.b.emit("or", value)
        elif ctype.is_cap:
            value = self.b.emit("addr", (value,))
        return self.b.emit("sne", (value, self.b.const(0)))

    # conditions

    def branch(self, node: Expr, yes: Block, no: Block) -> None:
        """Go to `yes` if the expression is not zero."""
        if isinstance(node, tree.Logical):
            middle = self.b.new_block()
            if node.op == "&&":
                self.branch(node.left, middle, no)
            else:
                self.branch(node.left, yes, middle)
            self.b.seal(middle)
            self.b.start(middle)
            self.branch(node.right, yes, no)
        elif isinstance(node, tree.Compare):
            self._branch_compare(node, yes, no)
        elif isinstance(node, tree.Cast) and node.value.type.is_scalar and node.type.size >= node.value.type.size:
            self.branch(node.value, yes, no)
        else:
            value = self.value(node)
            if isinstance(value, tuple):
                value = self.b.emit("or", value)
            elif node.type.is_cap:
                value = self.b.emit("addr", (value,))
            self.b.branch("ne", value, self.b.const(0), yes, no)

    def _branch_compare(self, node: tree.Compare, yes: Block, no: Block) -> None:
        op, ctype = node.op, node.left.type
        if (
            isinstance(node.right, Const)
            and node.right.value == 0
            and isinstance(node.left, tree.Compare | tree.Logical)
        ):
            if op == "==":
                return self.branch(node.left, no, yes)
            if op == "!=":
                return self.branch(node.left, yes, no)
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(left, tuple):
            return self.wide_branch(op, ctype.signed, left, right, yes, no)
        if ctype.is_cap:
            left, right = self.b.emit("addr", (left,)), self.b.emit("addr", (right,))
        if op in (">", "<="):
            left, right = right, left
            op = {">": "<", "<=": ">="}[op]
        cond = CONDITIONS[op]
        if cond in ("lt", "ge") and not (isinstance(ctype, IntType | IntCapType) and ctype.signed):
            cond += "u"
        self.b.branch(cond, left, right, yes, no)

    def _compare(self, node: tree.Compare) -> Value:
        op, ctype, e = node.op, node.left.type, self.b.emit
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(left, tuple):
            return self.wide_compare(op, ctype.signed, left, right)
        if ctype.is_cap:
            left, right = e("addr", (left,)), e("addr", (right,))
        if op in ("==", "!="):
            return e("seq" if op == "==" else "sne", (left, right))
        if op in (">", "<="):
            left, right = right, left
        signed = isinstance(ctype, IntType | IntCapType) and ctype.signed
        less = e("slt" if signed else "sltu", (left, right))
        return less if op in ("<", ">") else e("xor", (less, self.b.const(1)))

    def _logical(self, node: tree.Logical) -> Value:
        yes, no, after = self.b.new_block(), self.b.new_block(), self.b.new_block()
        self.branch(node, yes, no)
        key = node
        for block, number in ((yes, 1), (no, 0)):
            self.b.seal(block)
            self.b.start(block)
            self.b.write(key, self.b.const(number))
            self.b.jump(after)
        self.b.seal(after)
        self.b.start(after)
        return self.b.read(key, False)

    def _conditional(self, node: tree.Conditional) -> Scalar:
        if node.type.is_void:
            self.discard(node)
            return self.b.const(0)
        if node.type.is_record:
            return self.pointer(self.record(node))
        yes, no, after = self.b.new_block(), self.b.new_block(), self.b.new_block()
        self.branch(node.cond, yes, no)
        for block, part in ((yes, node.yes), (no, node.no)):
            self.b.seal(block)
            self.b.start(block)
            value = self.value(part)
            if isinstance(value, tuple):
                self.b.write((node, "high"), value[1])
                value = value[0]
            self.b.write(node, value)
            self.b.jump(after)
        self.b.seal(after)
        self.b.start(after)
        if is_wide(node.type):
            return self.b.read(node, False), self.b.read((node, "high"), False)
        return self.b.read(node, node.type.is_cap)

    def _import(self, node: tree.Import) -> Value:
        return self.b.emit("slot", (), node.slot, cap=True)


_VALUES = {
    tree.Const: ExpressionLowering._const,
    tree.LocalRef: ExpressionLowering._lvalue,
    tree.GlobalRef: ExpressionLowering._lvalue,
    tree.Deref: ExpressionLowering._lvalue,
    tree.Member: ExpressionLowering._lvalue,
    tree.CompoundLiteral: ExpressionLowering._lvalue,
    tree.AddressOf: ExpressionLowering._address_of,
    tree.Unary: ExpressionLowering._unary,
    tree.Binary: ExpressionLowering._binary,
    tree.PointerAdd: ExpressionLowering._pointer_add,
    tree.PointerDiff: ExpressionLowering._pointer_difference,
    tree.Compare: ExpressionLowering._compare,
    tree.Logical: ExpressionLowering._logical,
    tree.Conditional: ExpressionLowering._conditional,
    tree.Comma: ExpressionLowering._comma,
    tree.Assign: ExpressionLowering._assign,
    tree.Hole: ExpressionLowering._hole,
    tree.Update: ExpressionLowering._update,
    tree.Cast: ExpressionLowering._cast,
    tree.Call: CallLowering._call,
    tree.CallPair: CallLowering._call_pair,
    tree.Import: ExpressionLowering._import,
    tree.Builtin: BuiltinLowering.builtin_value,
    tree.VaArg: CallLowering._va_arg,
    tree.StatementExpr: ExpressionLowering._statement_expression,
}
