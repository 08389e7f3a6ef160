"""Machine code to assembly text in CHERIoT LLVM spelling."""

from cosim.toolchain.cc import interface
from cosim.toolchain.cc.frame import STACK_ALIGN, Frame, bounded_layout
from cosim.toolchain.cc.ir import NEGATED, AsmInfo, Block, CallInfo, Slot, signed
from cosim.toolchain.cc.machine import REGISTER_NAMES, SCRATCH, ZERO, Code, Ins
from cosim.toolchain.cc.tree import Global
from cosim.toolchain.cc.types import ArrayType, CType, FuncType

TP, CTP = REGISTER_NAMES[SCRATCH], "c" + REGISTER_NAMES[SCRATCH]
MAX_BOUNDS_IMM = 4095
LINE_SECTION = "__lines"
MAY_TRAP = frozenset("lb lbu lh lhu lw clc sb sh sw csc call asm unimp".split())

THREE = frozenset(
    "add sub mul mulh mulhu mulhsu div divu rem remu and or xor sll srl sra slt sltu "
    "addi andi ori xori slti sltiu slli srli srai".split()
)
FROM_CAPABILITY = frozenset("cgetbase cgetlen cgettop cgetperm cgettype cgettag cgethigh".split())
CAP_INT = frozenset("cincaddr csetaddr csetbounds csetboundsexact csetboundsrounddown candperm csethigh".split())
CAP_CAP = frozenset("cseal cunseal".split())
CAP_CAP_INT = frozenset("csetequalexact ctestsubset".split())


def r(reg: int) -> str:
    """Integer name of a register."""
    return "zero" if reg == ZERO else REGISTER_NAMES[reg]


def c(reg: int) -> str:
    """Capability name of a register."""
    return "cnull" if reg == ZERO else "c" + REGISTER_NAMES[reg]


def is_constant_object(ctype: CType) -> bool:
    """Whether objects of this type lie beside the code, where nobody can write."""
    while isinstance(ctype, ArrayType):
        if ctype.const:
            return not ctype.volatile
        ctype = ctype.of
    return ctype.const and not ctype.volatile


def in_code_region(symbol: Global) -> bool:
    return isinstance(symbol.type, FuncType) or symbol.read_only or is_constant_object(symbol.type)


class Emitter:
    """Writes one function."""

    def __init__(self, code: Code, frame: Frame, labels: "Labels", clears_results: bool = False):
        self.code, self.frame, self.labels = code, frame, labels
        self.clears_results = clears_results
        """Whether result registers that carry nothing must be zero."""
        self.lines: list[str] = []
        blocks = code.function.blocks
        self.targets = self._shortcuts()
        self.names = {block: labels.new() for block in blocks}
        self.wanted: set[Block] = set()
        self.line = 0
        self.marks: list[str] = []

    def _shortcuts(self) -> dict[Block, Block]:
        """Where control really goes: blocks that only jump on are skipped."""
        blocks, code = self.code.function.blocks, self.code.blocks
        final: dict[Block, Block] = {}
        for block in blocks:
            target, steps = block, 0
            while len(code[target.index]) == 1 and target.term[0] == "jump" and steps < len(blocks):
                target, steps = target.term[1], steps + 1
            final[block] = target
        return final

    def run(self) -> list[str]:
        symbol = self.code.function.symbol
        self._head(symbol)
        blocks = self.code.function.blocks
        order = [block for block in blocks if self.targets[block] is block or block is blocks[0]]
        body: list[tuple[Block, list[str]]] = []
        for at, block in enumerate(order):
            following = order[at + 1] if at + 1 < len(order) else None
            self.lines, outer = [], self.lines
            if at == 0:
                self._prologue()
            for ins in self.code.blocks[block.index][:-1]:
                self._instruction(ins)
            self._terminator(block, self.code.blocks[block.index][-1], following)
            body.append((block, self.lines))
            self.lines = outer
        for block, lines in body:
            if block in self.wanted:
                self.lines.append(f"{self.names[block]}:")
            self.lines += lines
        self.lines.append(f"\t.size\t{symbol.label}, . - {symbol.label}")
        self._line_table(symbol)
        return self.lines

    def _head(self, symbol: Global) -> None:
        section = symbol.attributes.section or f".text.fn.{symbol.label}"
        self.lines.append(f'\t.section\t{section},"ax",@progbits')
        if not symbol.static:
            self.lines.append(f"\t{'.weak' if symbol.attributes.weak else '.globl'}\t{symbol.label}")
        self.lines += ["\t.p2align\t1", f"\t.type\t{symbol.label}, @function", f"{symbol.label}:"]

    def _put(self, text: str) -> None:
        self.lines.append("\t" + text)

    def _mark_line(self, line: int) -> None:
        label = self.labels.new()
        self.lines.append(f"{label}:")
        self.marks += [f"\t.long\t{label}, {line}"]
        self.line = line

    def _line_table(self, symbol: Global) -> None:
        """Records for the report of a trap: (address, name) for the function, (address, line) inside it."""
        if not self.marks:
            return
        name = self.labels.new()
        self.lines += [
            '\t.section\t.rodata.names,"a",@progbits', f"{name}:", f'\t.asciz\t"{symbol.name}"',
            f'\t.section\t{LINE_SECTION},"a",@progbits', "\t.p2align\t2", f"\t.long\t{symbol.label}, {name}",
            *self.marks,
        ]  # fmt: skip

    # frame

    def _move_stack(self, amount: int) -> None:
        if -2048 <= amount <= 2047:
            self._put(f"cincaddrimm\tcsp, csp, {amount}")
        else:
            self._put(f"li\t{TP}, {amount}")
            self._put(f"cincaddr\tcsp, csp, {TP}")

    def _prologue(self) -> None:
        if self.frame.size:
            self._move_stack(-self.frame.size)
        for reg, offset in self.frame.saved:
            self._put(f"csc\t{c(reg)}, {offset}(csp)")

    def _epilogue(self) -> None:
        for reg, offset in self.frame.saved:
            self._put(f"clc\t{c(reg)}, {offset}(csp)")
        if self.frame.size:
            self._move_stack(self.frame.size)

    # control

    def _label(self, block: Block) -> str:
        target = self.targets[block]
        self.wanted.add(target)
        return self.names[target]

    def _terminator(self, block: Block, ins: Ins, following: Block | None) -> None:
        kind = ins.op
        if kind == "jump":
            if self.targets[block.term[1]] is not following:
                self._put(f"cj\t{self._label(block.term[1])}")
        elif kind == "branch":
            self._branch(block, ins, following)
        elif kind == "ret":
            self._epilogue()
            if self.clears_results:
                for register in ("a0", "a1")[len(block.term[1]) :]:
                    self._put(f"li\t{register}, 0")
            self._put("cret")
        else:
            self._put("ebreak")  # control does not get here; if it does, that shows

    def _branch(self, block: Block, ins: Ins, following: Block | None) -> None:
        cond, yes, no = ins.imm, block.term[4], block.term[5]
        a, b = ins.uses
        if self.targets[yes] is following:
            cond, yes, no = NEGATED[cond], no, yes
        self._put(f"b{cond}\t{r(a)}, {r(b)}, {self._label(yes)}")
        if self.targets[no] is not following:
            self._put(f"cj\t{self._label(no)}")

    # instructions

    def _instruction(self, ins: Ins) -> None:
        op = ins.op
        if ins.line != self.line and op.partition(".")[0] in MAY_TRAP and ins.line:
            self._mark_line(ins.line)
        d = ins.defs[0] if ins.defs else ZERO
        if d is None:
            d = ZERO
        if op in THREE:
            last = ins.imm if len(ins.uses) == 1 else r(ins.uses[1])
            self._put(f"{op}\t{r(d)}, {r(ins.uses[0])}, {last}")
        elif op == "const":
            self._put(f"li\t{r(d)}, {signed(ins.imm)}")
        elif op in ("lb", "lbu", "lh", "lhu", "lw", "clc"):
            self._put(f"{op}\t{self._name(op, d)}, {ins.imm}({c(ins.uses[0])})")
        elif op in ("sb", "sh", "sw", "csc"):
            self._put(f"{op}\t{self._name(op, ins.uses[1])}, {ins.imm}({c(ins.uses[0])})")
        elif op.endswith(".frame"):
            self._frame_access(op[:-6], d, ins)
        elif op.endswith(".global"):
            self._global_access(op[:-7], d, ins)
        elif op.endswith(".out"):
            name = op[:-4]
            self._put(f"{name}\t{self._name(name, ins.uses[0])}, {ins.imm}(csp)")
        elif op in ("mv", "addr"):
            self._put(f"mv\t{r(d)}, {r(ins.uses[0])}")
        elif op == "cmove":
            self._put(f"cmove\t{c(d)}, {c(ins.uses[0])}")
        elif op in ("cincaddrimm", "csetboundsimm"):
            self._put(f"{op}\t{c(d)}, {c(ins.uses[0])}, {ins.imm}")
        elif op in CAP_INT:
            self._put(f"{op}\t{c(d)}, {c(ins.uses[0])}, {r(ins.uses[1])}")
        elif op in CAP_CAP:
            self._put(f"{op}\t{c(d)}, {c(ins.uses[0])}, {c(ins.uses[1])}")
        elif op in CAP_CAP_INT:
            self._put(f"{op}\t{r(d)}, {c(ins.uses[0])}, {c(ins.uses[1])}")
        elif op in FROM_CAPABILITY:
            self._put(f"{op}\t{r(d)}, {c(ins.uses[0])}")
        elif op in ("crrl", "cram"):
            self._put(f"{op}\t{r(d)}, {r(ins.uses[0])}")
        elif op == "ccleartag":
            self._put(f"ccleartag\t{c(d)}, {c(ins.uses[0])}")
        else:
            _SPECIAL[op](self, d, ins)

    @staticmethod
    def _name(op: str, reg: int) -> str:
        return c(reg) if op in ("clc", "csc") else r(reg)

    def _extend(self, d: int, ins: Ins) -> None:
        a = ins.uses[0]
        if ins.op == "zext8":
            self._put(f"andi\t{r(d)}, {r(a)}, 255")
            return
        shift = 24 if ins.op.endswith("8") else 16
        self._put(f"slli\t{r(d)}, {r(a)}, {shift}")
        self._put(f"{'srai' if ins.op[0] == 's' else 'srli'}\t{r(d)}, {r(d)}, {shift}")

    def _equality(self, d: int, ins: Ins) -> None:
        a = ins.uses[0]
        source = r(a)
        if ins.op.endswith("i"):
            if ins.imm:
                self._put(f"addi\t{r(d)}, {r(a)}, {-ins.imm}")
                source = r(d)
        else:
            self._put(f"sub\t{r(d)}, {r(a)}, {r(ins.uses[1])}")
            source = r(d)
        if ins.op.startswith("seq"):
            self._put(f"seqz\t{r(d)}, {source}")
        else:
            self._put(f"snez\t{r(d)}, {source}")

    # named objects

    def _frame_access(self, op: str, d: int, ins: Ins) -> None:
        slot, offset = ins.imm
        data = self._name(op, ins.uses[0] if ins.uses else d)
        if slot.align > STACK_ALIGN:
            self._aligned_address(SCRATCH, slot)
            self._put(f"{op}\t{data}, {offset}({CTP})")
            return
        offset += slot.offset
        if offset <= 2047:
            self._put(f"{op}\t{data}, {offset}(csp)")
            return
        self._put(f"li\t{TP}, {offset}")
        self._put(f"cincaddr\t{CTP}, csp, {TP}")
        self._put(f"{op}\t{data}, 0({CTP})")

    def _aligned_address(self, d: int, slot: Slot) -> None:
        """Address of a slot whose alignment the frame cannot promise; d may be the scratch register."""
        self._put(f"li\t{TP}, {slot.offset + slot.align - 1}")
        self._put(f"add\t{TP}, {TP}, sp")
        shift = slot.align.bit_length() - 1
        self._put(f"srli\t{TP}, {TP}, {shift}")
        self._put(f"slli\t{TP}, {TP}, {shift}")
        self._put(f"csetaddr\t{c(d)}, csp, {TP}")

    def _frame_address(self, d: int, ins: Ins) -> None:
        slot = ins.imm
        if slot.align > STACK_ALIGN:
            self._aligned_address(d, slot)
            source = c(d)
        elif slot.offset == 0:
            source = "csp"
        elif slot.offset <= 2047:
            self._put(f"cincaddrimm\t{c(d)}, csp, {slot.offset}")
            source = c(d)
        else:
            self._put(f"li\t{TP}, {slot.offset}")
            self._put(f"cincaddr\t{c(d)}, csp, {TP}")
            source = c(d)
        self._bounds(d, source, bounded_layout(slot.size)[0])

    def _bounds(self, d: int, source: str, size: int) -> None:
        if size <= MAX_BOUNDS_IMM:
            self._put(f"csetboundsimm\t{c(d)}, {source}, {size}")
        else:
            self._put(f"li\t{TP}, {size}")
            self._put(f"csetbounds\t{c(d)}, {source}, {TP}")

    def _global_access(self, op: str, d: int, ins: Ins) -> None:
        symbol, offset = ins.imm
        base = CTP if ins.uses else c(d)
        low = "lo_s" if ins.uses else "lo_i"
        data = self._name(op, ins.uses[0] if ins.uses else d)
        target = f"{symbol.label}+{offset}" if offset else symbol.label
        label = self.labels.new()
        high = "auipcc" if in_code_region(symbol) else "auicgp"
        self.lines.append(f"{label}:")
        self._put(f"{high}\t{base}, %cheriot_compartment_hi({target})")
        self._put(f"{op}\t{data}, %cheriot_compartment_{low}({label})({base})")

    def _global_address(self, d: int, ins: Ins) -> None:
        symbol = ins.imm
        self._put(f"{'cllc' if in_code_region(symbol) else 'clgc'}\t{c(d)}, {symbol.label}")
        if isinstance(symbol.type, FuncType):
            return
        size = symbol.type.size
        if size is None:  # its definition elsewhere knows
            self._put(f"csetboundsimm\t{c(d)}, {c(d)}, %cheriot_compartment_size({symbol.label})")
        else:
            self._bounds(d, c(d), bounded_layout(size)[0])

    # the rest

    def _call(self, d: int, ins: Ins) -> None:
        info: CallInfo = ins.imm
        if info.stack:
            self._put(f"csetboundsimm\tct0, csp, {8 * info.stack}")
        if info.switcher:
            if not info.stack:
                self._put("li\tt0, 0")  # the entry may take it for a pointer to further arguments
            self._load_slot("ct2", interface.SWITCHER)
            self._put("cjalr\tct2")
        elif info.target is None:
            self._put("cjalr\tct1")
        else:
            self._put(f"ccall\t{info.target if isinstance(info.target, str) else info.target.label}")

    def _load_slot(self, register: str, slot: str) -> None:
        label = self.labels.new()
        self.lines.append(f"{label}:")
        self._put(f"auipcc\t{register}, %cheriot_compartment_hi({slot})")
        self._put(f"clc\t{register}, %cheriot_compartment_lo_i({label})({register})")

    def _slot(self, d: int, ins: Ins) -> None:
        self._load_slot(c(d), ins.imm)

    def _asm(self, d: int, ins: Ins) -> None:
        info: AsmInfo = ins.imm
        registers = [*ins.defs, *ins.uses]
        for position, output in info.tied.items():
            source, target = ins.uses[position], ins.defs[output]
            if source != target:
                self._put(f"cmove\t{c(target)}, {c(source)}")
            registers[info.outputs + position] = target

        def operand(key: str) -> str:
            index = int(key) if key.isdigit() else info.names.index(key)
            reg, constraint = registers[index], info.constraints[index]
            return c(reg) if "C" in constraint else r(reg)

        for line in _fill_in(info.text, operand).replace(";", "\n").split("\n"):
            if line.strip():
                self._put(line.strip())

    def _register(self, d: int, ins: Ins) -> None:
        self._put(f"cmove\t{c(d)}, {ins.imm}")

    def _pcc(self, d: int, ins: Ins) -> None:
        self._put(f"auipcc\t{c(d)}, 0")

    def _unimp(self, d: int, ins: Ins) -> None:
        self._put("c.unimp")


def _fill_in(text: str, operand) -> str:
    """Replace %0, %[name] and %% in an assembly template."""
    out, at = [], 0
    while at < len(text):
        if text[at] != "%" or at + 1 == len(text):
            out.append(text[at])
            at += 1
        elif text[at + 1] == "%":
            out.append("%")
            at += 2
        elif text[at + 1] == "[":
            end = text.index("]", at)
            out.append(operand(text[at + 2 : end]))
            at = end + 1
        else:
            end = at + 1
            while end < len(text) and text[end].isdigit():
                end += 1
            if end == at + 1:
                out.append("%")
                at += 1
                continue
            out.append(operand(text[at + 1 : end]))
            at = end
    return "".join(out)


_SPECIAL = {
    "zext8": Emitter._extend,
    "zext16": Emitter._extend,
    "sext8": Emitter._extend,
    "sext16": Emitter._extend,
    "seq": Emitter._equality,
    "sne": Emitter._equality,
    "seqi": Emitter._equality,
    "snei": Emitter._equality,
    "frame": Emitter._frame_address,
    "global": Emitter._global_address,
    "slot": Emitter._slot,
    "call": Emitter._call,
    "asm": Emitter._asm,
    "register": Emitter._register,
    "pcc": Emitter._pcc,
    "unimp": Emitter._unimp,
}


class Labels:
    """Local label names, unique in one translation unit."""

    def __init__(self):
        self.count = 0

    def new(self) -> str:
        self.count += 1
        return f".L{self.count}"
