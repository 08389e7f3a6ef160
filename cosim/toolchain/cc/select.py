"""Instruction selection: SSA operations to machine instructions, with immediates and addressing folded in."""

from cosim.toolchain.cc import graph
from cosim.toolchain.cc.ir import LOADS, SIZES, STORES, Block, Function, Value, signed
from cosim.toolchain.cc.machine import ARGUMENTS, CALL_TARGET, REMATERIAL, ZERO, Code, Ins, alias
from cosim.toolchain.cc.tree import Global

IMMEDIATE = {"add": "addi", "and": "andi", "or": "ori", "xor": "xori", "slt": "slti", "sltu": "sltiu"}
SHIFTS = {"sll": "slli", "srl": "srli", "sra": "srai"}
INTEGER = frozenset("add sub mul mulh mulhu mulhsu div divu rem remu and or xor sll srl sra slt sltu csub".split())
UNARY = frozenset(
    "zext8 zext16 sext8 sext16 cgetbase cgetlen cgettop cgetperm cgettype cgettag cgethigh ccleartag crrl cram".split()
)
CAPABILITY = frozenset(
    "csetboundsexact csetboundsrounddown candperm cseal cunseal csetequalexact ctestsubset csethigh".split()
)


def fits12(number: int) -> bool:
    return -2048 <= number <= 2047


class Selector:
    """Selects one function. Values that can be made again are placed where they are first needed in a register,
    in front of loops where possible."""

    def __init__(self, function: Function):
        self.function = function
        self.code = Code(function)
        self.out: list[Ins] = []
        self.wanted: dict[Value, list[Block]] = {}
        self.block: Block | None = None
        self.line = 0

    def run(self) -> Code:
        idom = graph.dominators(self.function)
        graph.mark_loops(self.function, idom)
        for block in self.function.blocks:
            self.block, self.out = block, []
            for phi in block.phis:
                self.code.values[phi.id] = phi
            for value in block.body:
                self._value(value)
            self._terminator(block)
            self.code.blocks.append(self.out)
        for param in self.function.params:
            self.code.values[param.id] = param
        if self.function.stack_area is not None:
            self.code.values[self.function.stack_area.id] = self.function.stack_area
        self._place_rematerial(idom)
        self._drop_unused()
        return self.code

    # operands

    def reg(self, value: Value) -> int:
        """Virtual register of a value that has to be in a register here."""
        value = alias(value)
        if value.op == "const" and value.imm == 0:
            return ZERO
        if value.op in REMATERIAL:
            self.code.values[value.id] = value
            self.wanted.setdefault(value, []).append(self.block)
        return value.id

    def int_reg(self, value: Value) -> int:
        """The same for operands of which only the address half is read: no copy that strips the capability."""
        while value.op == "addr":
            value = value.args[0]
        return self.reg(value)

    def _emit(self, op: str, value: Value | None, uses: tuple = (), imm=None, moves: tuple = ()) -> None:
        defs = ()
        if value is not None:
            defs = (value.id,)
            self.code.values[value.id] = value
        self.out.append(Ins(op, defs, uses, imm, moves, self.line))

    @staticmethod
    def _constant(value: Value) -> int | None:
        value = alias(value)
        return signed(value.imm) if value.op == "const" else None

    # operations

    def _value(self, value: Value) -> None:
        op, args = value.op, value.args
        self.line = value.line
        if op in REMATERIAL or op == "fromint":
            return
        if op in LOADS:
            self._memory(value, value, ())
        elif op in STORES:
            stored = args[1]
            self._memory(value, None, (self.reg(stored) if op == "csc" else self.int_reg(stored),))
        elif op in INTEGER:
            self._integer(value)
        elif op in ("seq", "sne"):
            self._equality(value)
        elif op in ("ptradd", "setaddr", "csetbounds"):
            self._derive(value)
        elif op in UNARY:
            integer = op in ("zext8", "zext16", "sext8", "sext16", "crrl", "cram")
            self._emit(op, value, (self.int_reg(args[0]) if integer else self.reg(args[0]),))
        elif op in CAPABILITY:
            second = self.reg(args[1]) if args[1].cap else self.int_reg(args[1])
            self._emit(op, value, (self.reg(args[0]), second))
        elif op == "addr":
            self._emit("addr", value, (self.reg(args[0]),))
        elif op == "call":
            self._call(value)
        elif op == "result1":
            self.out[-1].defs += (value.id,)
            self.code.values[value.id] = value
        elif op == "asm":
            self._emit("asm", None, tuple([self.reg(arg) for arg in args]), value.imm)
        elif op == "asmresult":
            self.out[-1].defs += (value.id,)
            self.code.values[value.id] = value
        elif op == "register":
            self._emit("register", value, (), value.imm)
        elif op == "pcc":
            self._emit("pcc", value)
        elif op == "unimp":
            self._emit("unimp", None)
        else:
            raise AssertionError(f"operation without selection: {value!r}")

    def _integer(self, value: Value) -> None:
        op, (a, b) = value.op, value.args
        number = self._constant(b)
        if number is not None and op in SHIFTS:
            self._emit(SHIFTS[op], value, (self.int_reg(a),), number & 31)
        elif number is not None and op in IMMEDIATE and fits12(number):
            self._emit(IMMEDIATE[op], value, (self.int_reg(a),), number)
        else:
            self._emit("sub" if op == "csub" else op, value, (self.int_reg(a), self.int_reg(b)))

    def _equality(self, value: Value) -> None:
        a, b = value.args
        number = self._constant(b)
        if number is not None and fits12(-number):
            self._emit(value.op + "i", value, (self.int_reg(a),), number)
        else:
            self._emit(value.op, value, (self.int_reg(a), self.int_reg(b)))

    def _derive(self, value: Value) -> None:
        op, (a, b) = value.op, value.args
        number = self._constant(b)
        if op == "ptradd" and number is not None and fits12(number):
            self._emit("cincaddrimm", value, (self.reg(a),), number)
        elif op == "csetbounds" and number is not None and 0 <= number <= 4095:
            self._emit("csetboundsimm", value, (self.reg(a),), number)
        else:
            name = {"ptradd": "cincaddr", "setaddr": "csetaddr"}.get(op, op)
            self._emit(name, value, (self.reg(a), self.int_reg(b)))

    def _memory(self, value: Value, result: Value | None, stored: tuple[int, ...]) -> None:
        """Named objects are reached from csp and cgp where the access is known to lie inside them."""
        base, offset = value.args[0], value.imm
        while base.op == "ptradd" and base.args[1].op == "const" and fits12(offset + signed(base.args[1].imm)):
            offset += signed(base.args[1].imm)
            base = base.args[0]
        size = SIZES[value.op]
        if base.op == "frame" and 0 <= offset <= base.imm.size - size:
            self._emit(value.op + ".frame", result, stored, (base.imm, offset))
        elif base.op == "global" and self._within(base.imm, offset, size):
            self._emit(value.op + ".global", result, stored, (base.imm, offset))
        else:
            self._emit(value.op, result, (self.reg(base), *stored), offset)

    @staticmethod
    def _within(symbol: Global, offset: int, size: int) -> bool:
        total = symbol.type.size
        return total is not None and 0 <= offset <= total - size

    def _call(self, value: Value) -> None:
        info, args = value.imm, list(value.args)
        self.code.makes_calls = True
        moves = []
        if info.target is None:
            moves.append((CALL_TARGET, alias(args.pop(0))))
        count = len(args) - info.stack
        for at, arg in enumerate(args[count:]):
            op = "csc" if arg.cap else "sw"
            self._emit(op + ".out", None, (self.reg(arg),), 8 * at)
        self.code.outgoing = max(self.code.outgoing, 8 * info.stack)
        moves += [(ARGUMENTS[at], alias(arg)) for at, arg in enumerate(args[:count])]
        for _, arg in moves:
            self.code.values[arg.id] = arg
        self._emit("call", value if info.results else None, (), info, tuple(moves))

    def _terminator(self, block: Block) -> None:
        term = block.term
        if term[0] == "branch":
            self._emit("branch", None, (self.int_reg(term[2]), self.int_reg(term[3])), term[1])
        elif term[0] == "ret":
            moves = tuple((ARGUMENTS[at], alias(value)) for at, value in enumerate(term[1]))
            for _, value in moves:
                self.code.values[value.id] = value
            self._emit("ret", None, (), None, moves)
        else:
            self._emit(term[0], None)
        for successor in block.successors():
            at = successor.preds.index(block)
            for phi in successor.phis:
                value = alias(phi.args[at])
                self.code.values[value.id] = value

    # placement of values that can be made again

    def _place_rematerial(self, idom: dict[Block, Block]) -> None:
        level = graph.dominator_levels(self.function, idom)
        position = {block: at for at, block in enumerate(self.function.blocks)}
        for value, blocks in self.wanted.items():
            home = blocks[0]
            for block in blocks[1:]:
                home = graph.common_dominator(idom, level, home, block)
            best = home
            while home is not idom[home]:
                home = idom[home]
                if home.depth < best.depth:
                    best = home
            code = self.code.blocks[position[best]]
            at = next((i for i, ins in enumerate(code) if value.id in ins.uses), len(code) - 1)
            code.insert(at, Ins(value.op, (value.id,), (), value.imm))

    def _drop_unused(self) -> None:
        """Copies out of capabilities that every user could do without."""
        used: set[int] = set()
        for block in self.function.blocks:
            for phi in block.phis:
                used.update(alias(arg).id for arg in phi.args)
        for code in self.code.blocks:
            for ins in code:
                used.update(ins.uses)
                used.update(value.id for _, value in ins.moves)
        for at, code in enumerate(self.code.blocks):
            self.code.blocks[at] = [ins for ins in code if ins.op != "addr" or ins.defs[0] in used]


def select(function: Function) -> Code:
    """Machine code over virtual registers; critical edges must be split."""
    return Selector(function).run()
