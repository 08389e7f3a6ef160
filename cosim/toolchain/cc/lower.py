"""From the typed tree to SSA form: functions, variables and statements."""

from cosim.toolchain.cc import abi, tree
from cosim.toolchain.cc.builder import Builder, finish
from cosim.toolchain.cc.diagnostics import CompileError
from cosim.toolchain.cc.ir import AsmInfo, Block, Function, Slot, Value
from cosim.toolchain.cc.lowerexpr import ExpressionLowering
from cosim.toolchain.cc.memory import Address, Memory, Scalar
from cosim.toolchain.cc.tree import Const, Global, InitItem, Local, Stmt
from cosim.toolchain.cc.types import CType, IntType, align_up
from cosim.toolchain.cc.wide import Wide

STATIC_IMAGE = 24
"""Constant initialisers of at least this many bytes are copied from read-only data."""


class Lowering(ExpressionLowering, Memory, Wide):
    """State of one function on its way to SSA form."""

    def __init__(self, source: tree.Function, unit: tree.Unit):
        self.source, self.unit = source, unit
        self.function = Function(source.symbol)
        self.b = Builder(self.function)
        self.homes: dict[Local, Address] = {}
        self.holes: dict[tree.Hole, Scalar] = {}
        self.labels: dict[str, Block] = {}
        self.break_to: Block | None = None
        self.continue_to: Block | None = None
        self.case_blocks: dict[Stmt, Block] = {}
        self.result_pointer: Value | None = None
        self.va_offset = 0

    def run(self) -> Function:
        self._parameters()
        self.statement(self.source.body)
        if self.b.block.term is None:
            self._fall_off()
        for block in self.labels.values():
            self.b.seal(block)
        finish(self.function)
        return self.function

    def _fall_off(self) -> None:
        """The end of a function without a return: zero for main and for callers that look anyway."""
        layout = abi.parts(self.source.type.ret) or ()
        self.b.ret(tuple(self.b.null() if cap else self.b.const(0) for cap in layout))

    # parameters and variables

    def _parameters(self) -> None:
        ret = self.source.type.ret
        if ret.is_record and abi.parts(ret) is None:
            self.result_pointer = self._parameter(True)
        stacked = 0
        for var in self.source.params:
            layout = abi.parts(var.type)
            values = []
            for cap in layout if layout is not None else (True,):
                if len(self.function.params) < abi.ARGUMENT_REGISTERS:
                    values.append(self._parameter(cap))
                else:
                    area = self._stack_area()
                    values.append(self.b.emit("clc" if cap else "lw", (area,), 8 * stacked, cap))
                    stacked += 1
            self._bind(var, layout, values)
        self.va_offset = 8 * stacked
        if self.source.type.variadic:
            self._stack_area()

    def _parameter(self, cap: bool) -> Value:
        value = self.function.new_value("param", (), len(self.function.params), cap)
        value.block = self.b.block
        self.function.params.append(value)
        return value

    def _stack_area(self) -> Value:
        """The capability to arguments in memory, which arrives in ct0."""
        if self.function.stack_area is None:
            value = self.function.new_value("param", (), "area", True)
            value.block = self.b.block
            self.function.stack_area = value
        return self.function.stack_area

    def _bind(self, var: Local, layout: tuple[bool, ...] | None, values: list[Value]) -> None:
        if layout is None:
            self.homes[var] = Address(values[0])
        elif var.type.is_record:
            home = self.home(var)
            for index, value in enumerate(values):
                self._store_part(var.type, home, index, value)
        else:
            self.set_variable(var, values[0] if len(values) == 1 else (values[0], values[1]))

    def _store_part(self, ctype: CType, home: Address, index: int, value: Value) -> None:
        """Store one register of a record; a last partial word is stored by bytes."""
        if value.cap:
            self._access("csc", home, (value,), False)
            return
        left = min(4, ctype.size - 4 * index)
        for op, step in (("sw", 4), ("sh", 2), ("sb", 1)):
            while left >= step:
                at = 4 * index + min(4, ctype.size - 4 * index) - left
                part = self.b.emit("srl", (value, self.b.const(8 * (at - 4 * index))))
                self._access(op, home.plus(at), (part,), False)
                left -= step

    def new_slot(self, name: str, ctype: CType, align: int = 0) -> Address:
        size = max(ctype.size, 1)
        slot = Slot(name, size, max(ctype.align, align, 8 if size >= 8 else 1))
        self.function.slots.append(slot)
        value = self.function.new_value("frame", (), slot, True)
        value.block = self.function.blocks[0]
        value.block.body.insert(0, value)  # the slot can be named from everywhere
        return Address(value)

    def home(self, var: Local) -> Address:
        """Where a variable in memory lives."""
        place = self.homes.get(var)
        if place is None:
            place = self.homes[var] = self.new_slot(var.name, var.type, var.align)
        return place

    def set_variable(self, var: Local, value: Scalar) -> None:
        if var.in_memory:
            self.store(var.type, self.home(var), value)
        elif isinstance(value, tuple):
            self.b.write(var, value[0])
            self.b.write((var, "high"), value[1])
        else:
            self.b.write(var, value)

    def variable(self, var: Local) -> Scalar:
        if var.in_memory:
            return self.load(var.type, self.home(var))
        if isinstance(var.type, IntType) and var.type.size == 8:
            return self.b.read(var, False), self.b.read((var, "high"), False)
        return self.b.read(var, var.type.is_cap)

    # statements

    def statement(self, node: Stmt) -> None:
        if not isinstance(node, tree.Block):
            self.b.line = node.place.line
            if self.b.block.term is not None:
                self._after_jump()
        _STATEMENTS[type(node)](self, node)

    def _after_jump(self) -> None:
        """Code behind a jump: only labels bring it to life; it is built and pruned otherwise."""
        block = self.b.new_block()
        block.sealed = True
        self.b.start(block)

    def _block(self, node: tree.Block) -> None:
        for item in node.body:
            self.statement(item)

    def _eval(self, node: tree.Eval) -> None:
        self.discard(node.value)

    def _declare(self, node: tree.Declare) -> None:
        var = node.var
        if var.in_memory:
            home = self.home(var)
            if node.items is not None:
                self.initialise(var.type, home, node.items)
        elif node.items:
            self.set_variable(var, self.value(node.items[0].value))
        elif node.items is not None:
            self.set_variable(var, self.zero(var.type))

    def zero(self, ctype: CType) -> Scalar:
        if isinstance(ctype, IntType) and ctype.size == 8:
            return self.wide_const(0)
        return self.b.null() if ctype.is_cap else self.b.const(0)

    def initialise(self, ctype: CType, home: Address, items: list[InitItem]) -> None:
        """Zero what the initialiser leaves out and store the rest."""
        if self._is_static_image(ctype, items):
            symbol = self._image(ctype, items)
            source = Address(self.b.emit("global", (), symbol, cap=True))
            self.call_runtime("memcpy", (self.pointer(home), source.base, self.b.const(ctype.size)), (True,))
            return
        if not ctype.is_scalar and not self._covers(ctype, items):
            self.clear(align_up(ctype.size, 1), self._clear_align(ctype), home)
        for item in items:
            place = home.plus(item.offset)
            if item.type.is_record:
                self.copy(item.type, place, self.record(item.value))
            elif item.field is not None:
                self.store_bits(item.type, item.field, place, self.value(item.value))
            else:
                self.store(item.type, place, self.value(item.value))

    @staticmethod
    def _clear_align(ctype: CType) -> int:
        return 8 if ctype.size >= 8 else ctype.align

    @staticmethod
    def _covers(ctype: CType, items: list[InitItem]) -> bool:
        if any(item.field is not None for item in items):
            return False
        at = 0
        for item in sorted(items, key=lambda item: item.offset):
            if item.offset > at:
                return False
            at = max(at, item.offset + item.type.size)
        return at >= ctype.size

    @staticmethod
    def _is_static_image(ctype: CType, items: list[InitItem]) -> bool:
        return (
            len(items) * 4 >= STATIC_IMAGE
            and ctype.size >= STATIC_IMAGE
            and all(isinstance(item.value, Const) and item.type.is_integer for item in items)
        )

    def _image(self, ctype: CType, items: list[InitItem]) -> Global:
        count = len(self.unit.globals)
        symbol = Global("", ctype, self.source.symbol.place, f".Limage{count}", static=True, defined=True)
        symbol.init, symbol.read_only = items, True
        self.unit.globals.append(symbol)
        return symbol

    def _if(self, node: tree.If) -> None:
        yes, after = self.b.new_block(), self.b.new_block()
        no = self.b.new_block() if node.no is not None else after
        self.branch(node.cond, yes, no)
        self.b.seal(yes)
        self.b.start(yes)
        self.statement(node.yes)
        self.b.jump(after)
        if node.no is not None:
            self.b.seal(no)
            self.b.start(no)
            self.statement(node.no)
            self.b.jump(after)
        self.b.seal(after)
        self.b.start(after)

    def _loop(self, node: tree.Loop) -> None:
        body, step, after = self.b.new_block(), self.b.new_block(), self.b.new_block()
        test = None
        if node.first and node.cond is not None:
            if self._is_cheap(node.cond, 8):
                self.branch(node.cond, body, after)  # the test is repeated at the bottom
            else:
                test = self.b.new_block()
                self.b.jump(test)
        else:
            self.b.jump(body)
        outer = self.break_to, self.continue_to
        self.break_to, self.continue_to = after, step
        self.b.start(body)
        self.statement(node.body)
        self.b.jump(step)
        self.b.seal(step)
        self.b.start(step)
        if node.step is not None:
            self.discard(node.step)
        if test is not None:
            self.b.jump(test)
            self.b.seal(test)
            self.b.start(test)
        if node.cond is None:
            self.b.jump(body)
        else:
            self.branch(node.cond, body, after)
        self.b.seal(body)
        self.b.seal(after)
        self.break_to, self.continue_to = outer
        self.b.start(after)

    def _is_cheap(self, node, budget: int) -> bool:
        """Whether a condition is small and without effects, so that it may be evaluated in two places."""
        return self._weight(node) <= budget

    def _weight(self, node) -> int:
        if isinstance(node, Const | tree.LocalRef):
            return 1
        if isinstance(node, tree.Compare | tree.Binary):
            return 1 + self._weight(node.left) + self._weight(node.right)
        if isinstance(node, tree.Logical):
            return 1 + self._weight(node.left) + self._weight(node.right)
        if isinstance(node, tree.Cast | tree.Unary):
            return 1 + self._weight(node.value)
        if isinstance(node, tree.Deref):
            return 1 + self._weight(node.pointer)
        if isinstance(node, tree.PointerAdd):
            return 1 + self._weight(node.pointer) + self._weight(node.index)
        if isinstance(node, tree.Member):
            return 1 + self._weight(node.base)
        if isinstance(node, tree.GlobalRef):
            return 2
        if isinstance(node, tree.AddressOf):
            return 1 + self._weight(node.lvalue)
        return 1000

    def _switch(self, node: tree.Switch) -> None:
        value = self.value(node.value)
        after = self.b.new_block()
        for case in node.cases:
            self.case_blocks[case] = self.b.new_block()
        default = after
        if node.default is not None:
            default = self.case_blocks[node.default] = self.b.new_block()
        cases = sorted(((case.value, self.case_blocks[case]) for case in node.cases), key=lambda item: item[0])
        self._dispatch(node.value.type, value, cases, default)
        outer, self.break_to = self.break_to, after
        body = self.b.new_block()
        body.sealed = True
        self.b.start(body)
        self.statement(node.body)
        self.b.jump(after)
        self.break_to = outer
        for _, block in cases:
            self.b.seal(block)
        if node.default is not None:
            self.b.seal(default)
        self.b.seal(after)
        self.b.start(after)

    def _dispatch(self, ctype: IntType, value: Scalar, cases: list, default: Block) -> None:
        """A balanced tree of comparisons over the sorted cases."""
        if len(cases) <= 3:
            for number, block in cases:
                following = self.b.new_block()
                self._branch_equal(value, number, block, following)
                self.b.seal(following)
                self.b.start(following)
            self.b.jump(default)
            return
        middle = len(cases) // 2
        low, high = self.b.new_block(), self.b.new_block()
        pivot = cases[middle][0]
        if isinstance(value, tuple):
            less = self.wide_compare("<", ctype.signed, value, self.wide_const(pivot))
            self.b.branch("ne", less, self.b.const(0), low, high)
        else:
            self.b.branch("lt" if ctype.signed else "ltu", value, self.b.const(pivot), low, high)
        for block, part in ((low, cases[:middle]), (high, cases[middle:])):
            self.b.seal(block)
            self.b.start(block)
            self._dispatch(ctype, value, part, default)

    def _branch_equal(self, value: Scalar, number: int, yes: Block, no: Block) -> None:
        if isinstance(value, tuple):
            same = self.wide_compare("==", False, value, self.wide_const(number))
            self.b.branch("ne", same, self.b.const(0), yes, no)
        else:
            self.b.branch("eq", value, self.b.const(number), yes, no)

    def _case(self, node: tree.Case | tree.Default) -> None:
        block = self.case_blocks[node]
        self.b.jump(block)
        self.b.start(block)

    def _break(self, node: tree.Break) -> None:
        self.b.jump(self.break_to)

    def _continue(self, node: tree.Continue) -> None:
        self.b.jump(self.continue_to)

    def _return(self, node: tree.Return) -> None:
        if node.value is None:
            self._fall_off()
            return
        ctype = self.source.type.ret
        if not ctype.is_record:
            value = self.value(node.value)
            self.b.ret(value if isinstance(value, tuple) else (value,))
            return
        place = self.record(node.value)
        layout = abi.parts(ctype)
        if layout is None:
            self.copy(ctype, Address(self.result_pointer), place)
            self.b.ret(())
        else:
            self.b.ret(tuple(self.load_parts(ctype, place, layout)))

    def _label(self, node: tree.Label) -> None:
        block = self._label_block(node.name)
        self.b.jump(block)
        self.b.start(block)

    def _label_block(self, name: str) -> Block:
        if name not in self.labels:
            self.labels[name] = self.b.new_block()
        return self.labels[name]

    def _goto(self, node: tree.Goto) -> None:
        self.b.jump(self._label_block(node.name))

    def _asm(self, node: tree.Asm) -> None:
        names, constraints, args, tied = [], [], [], {}
        for name, constraint, _ in node.outputs:
            names.append(name)
            constraints.append(constraint)
        places = [self.address(expr) if not self._in_register(expr) else None for _, _, expr in node.outputs]
        for name, constraint, expr in node.inputs:
            if constraint.isdigit():
                tied[len(args)] = int(constraint)
            names.append(name)
            constraints.append(constraint)
            value = self.value(expr)
            if constraint == "i" and value.op != "const":
                raise CompileError(expr.place, 'asm operand "i" needs a constant')
            args.append(value)
        for index, (_, constraint, expr) in enumerate(node.outputs):
            if constraint.startswith("+"):
                tied[len(args)] = index
                names.append(None)
                constraints.append(constraint[1:])
                args.append(self.value(expr) if places[index] is None else self.load(expr.type, places[index]))
        info = AsmInfo(node.text, names, constraints, len(node.outputs), node.clobbers, tied)
        anchor = self.b.emit("asm", tuple(args), info)
        for index, (_, _, expr) in enumerate(node.outputs):
            result = self.b.emit("asmresult", (anchor,), index, cap=expr.type.is_cap)
            result = self.narrowed(expr.type, result)
            if places[index] is None:
                self.set_variable(expr.var, result)
            else:
                self.store(expr.type, places[index], result)

    @staticmethod
    def _in_register(expr) -> bool:
        return isinstance(expr, tree.LocalRef) and not expr.var.in_memory


_STATEMENTS = {
    tree.Block: Lowering._block,
    tree.Eval: Lowering._eval,
    tree.Declare: Lowering._declare,
    tree.If: Lowering._if,
    tree.Loop: Lowering._loop,
    tree.Switch: Lowering._switch,
    tree.Case: Lowering._case,
    tree.Default: Lowering._case,
    tree.Break: Lowering._break,
    tree.Continue: Lowering._continue,
    tree.Return: Lowering._return,
    tree.Label: Lowering._label,
    tree.Goto: Lowering._goto,
    tree.Asm: Lowering._asm,
}
