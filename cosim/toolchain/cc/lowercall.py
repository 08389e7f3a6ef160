"""From the typed tree to SSA form: calls, arguments and results, variadic arguments."""

from cosim.toolchain.cc import abi, interface, tree
from cosim.toolchain.cc.ir import CallInfo, Value
from cosim.toolchain.cc.memory import Address, Scalar
from cosim.toolchain.cc.tree import Expr
from cosim.toolchain.cc.types import INT, CType, IntType


def is_wide(ctype: CType) -> bool:
    return isinstance(ctype, IntType) and ctype.size == 8


class CallLowering:
    """The part of lowering that follows the calling convention (`abi`)."""

    def call_runtime(self, name: str, args: tuple[Value, ...], results: tuple[bool, ...]) -> Scalar:
        """Call a support routine by name."""
        return self._results(CallInfo(name, results), args)

    def _results(self, info: CallInfo, args: tuple[Value, ...]) -> Scalar:
        call = self.b.emit("call", args, info, cap=bool(info.results) and info.results[0])
        if len(info.results) == 2:
            return call, self.b.emit("result1", (call,), cap=info.results[1])
        return call

    def _call(self, node: tree.Call) -> Scalar:
        if node.type.is_record:
            return self.pointer(self._record_call(node))
        return self._make_call(node, abi.parts(node.type), None)

    def _make_call(self, node: tree.Call, results: tuple[bool, ...], hidden: Value | None) -> Scalar:
        target, leading, switcher = None, [], False
        if isinstance(node.function, tree.GlobalRef):
            symbol = node.function.symbol
            slot, switcher = interface.route(symbol, self.unit.compartment)
            if slot is None:
                target = symbol
            else:
                leading = [self.b.emit("slot", (), slot, cap=True)]
        else:
            leading = [self.pointer(self.address(node.function))]
            switcher = node.signature.callback and self.unit.compartment is not None
        registers: list[Value] = [] if hidden is None else [hidden]
        variadic: list[Value] = []
        fixed = len(node.signature.params) if node.signature.prototype else len(node.args)
        for index, arg in enumerate(node.args):
            values = self._argument(arg)
            if index < fixed:
                registers += values
            else:
                variadic += values
        stacked = registers[abi.ARGUMENT_REGISTERS :] + variadic
        registers = registers[: abi.ARGUMENT_REGISTERS]
        if switcher and not isinstance(node.function, tree.GlobalRef):
            # the entry behind a pointer may take more than is passed: it must not find our leftovers
            registers += [self.b.const(0)] * (abi.ARGUMENT_REGISTERS - len(registers))
        return self._results(CallInfo(target, results, len(stacked), switcher), (*leading, *registers, *stacked))

    def _call_pair(self, node: tree.CallPair) -> Scalar:
        out = Address(self.value(node.out))
        for index, part in enumerate(self._make_call(node.call, (True, True), None)):
            self._access("csc", out.plus(8 * index), (part,), False)
        return self.b.const(0)

    def _argument(self, arg: Expr) -> list[Value]:
        if not arg.type.is_record:
            value = self.value(arg)
            return list(value) if isinstance(value, tuple) else [value]
        layout = abi.parts(arg.type)
        place = self.record(arg)
        if layout is not None:
            return self.load_parts(arg.type, place, layout)
        mine = self.new_slot("<argument>", arg.type)
        self.copy(arg.type, mine, place)
        return [self.pointer(mine)]

    def load_parts(self, ctype: CType, place: Address, layout: tuple[bool, ...]) -> list[Value]:
        """A small record as the registers it travels in; bytes behind its end are not touched."""
        values = []
        for index, cap in enumerate(layout):
            if cap:
                values.append(self._access("clc", place, (), False, True))
                continue
            left, at, word = min(4, ctype.size - 4 * index), 4 * index, None
            for op, step in (("lw", 4), ("lhu", 2), ("lbu", 1)):
                while left >= step:
                    part = self._access(op, place.plus(at), (), False)
                    part = self.b.emit("sll", (part, self.b.const(8 * (at - 4 * index))))
                    word = part if word is None else self.b.emit("or", (word, part))
                    at, left = at + step, left - step
            values.append(word)
        return values

    def _record_call(self, node: tree.Call) -> Address:
        home = self.new_slot("<result>", node.type)
        layout = abi.parts(node.type)
        if layout is None:
            self._make_call(node, (), self.pointer(home))
            return home
        value = self._make_call(node, layout, None)
        for index, part in enumerate(value if isinstance(value, tuple) else (value,)):
            self._store_part(node.type, home, index, part)
        return home

    # variadic arguments: 8-byte slots, a large record by pointer

    def _next_slot(self, lvalue: Expr) -> Value:
        place = self._place_for(lvalue)
        here = self.variable(lvalue.var) if place is None else self.load(lvalue.type, place)
        self._store_to(lvalue, self.b.offset(here, 8), place)
        return here

    def _va_arg(self, node: tree.VaArg) -> Scalar:
        ctype = node.type
        if ctype.is_record:
            return self.pointer(self._va_record(node))
        here = self._next_slot(node.list)
        if is_wide(ctype):
            low = self.load(INT, Address(here))
            return low, self.load(INT, Address(self._next_slot(node.list)))
        return self.load(ctype, Address(here))

    def _va_record(self, node: tree.VaArg) -> Address:
        layout = abi.parts(node.type)
        here = self._next_slot(node.list)
        if layout is None:
            return Address(self._access("clc", Address(here), (), False, True))
        home = self.new_slot("<variadic>", node.type)
        for index, cap in enumerate(layout):
            if index:
                here = self._next_slot(node.list)
            part = self._access("clc" if cap else "lw", Address(here), (), False, cap)
            self._store_part(node.type, home, index, part)
        return home
