"""Algebra on single operations: what an operation is worth when its operands are known."""

from cosim.toolchain.cc.ir import M32, Value, signed


def constant_fold(op: str, a: int, b: int) -> int | None:
    """Result of `op` on two constants, as an unsigned 32-bit number; RISC-V semantics for division."""
    a, b = a & M32, b & M32
    sa, sb = signed(a), signed(b)
    match op:
        case "add":
            return (a + b) & M32
        case "sub" | "csub":
            return (a - b) & M32
        case "mul":
            return (a * b) & M32
        case "mulh":
            return (sa * sb >> 32) & M32
        case "mulhu":
            return a * b >> 32
        case "mulhsu":
            return (sa * b >> 32) & M32
        case "div":
            if b == 0:
                return M32
            quotient = abs(sa) // abs(sb)
            return (-quotient if (sa < 0) != (sb < 0) else quotient) & M32
        case "divu":
            return a // b if b else M32
        case "rem":
            if b == 0:
                return a
            remainder = abs(sa) % abs(sb)
            return (-remainder if sa < 0 else remainder) & M32
        case "remu":
            return a % b if b else a
        case "and":
            return a & b
        case "or":
            return a | b
        case "xor":
            return a ^ b
        case "sll":
            return (a << (b & 31)) & M32
        case "srl":
            return a >> (b & 31)
        case "sra":
            return (sa >> (b & 31)) & M32
        case "slt":
            return int(sa < sb)
        case "sltu":
            return int(a < b)
        case "seq":
            return int(a == b)
        case "sne":
            return int(a != b)
    return None


def extend(op: str, a: int) -> int:
    bits = 8 if op.endswith("8") else 16
    a &= (1 << bits) - 1
    if op.startswith("s") and a >> (bits - 1):
        a -= 1 << bits
    return a & M32


def condition(cond: str, a: int, b: int) -> bool:
    sa, sb, a, b = signed(a), signed(b), a & M32, b & M32
    return {"eq": a == b, "ne": a != b, "lt": sa < sb, "ge": sa >= sb, "ltu": a < b, "geu": a >= b}[cond]


RANGES = {
    "lbu": (0, 0xFF), "lhu": (0, 0xFFFF), "zext8": (0, 0xFF), "zext16": (0, 0xFFFF),
    "lb": (-0x80, 0x7F), "lh": (-0x8000, 0x7FFF), "sext8": (-0x80, 0x7F), "sext16": (-0x8000, 0x7FFF),
    "seq": (0, 1), "sne": (0, 1), "slt": (0, 1), "sltu": (0, 1), "cgettag": (0, 1),
}  # fmt: skip


def value_range(value: Value) -> tuple[int, int]:
    """Signed bounds known from the operation alone."""
    if value.op == "const":
        number = signed(value.imm)
        return number, number
    if value.op == "and" and value.args[1].op == "const" and signed(value.args[1].imm) >= 0:
        return 0, value.args[1].imm
    if value.op == "srl" and value.args[1].op == "const" and value.args[1].imm & 31:
        return 0, M32 >> (value.args[1].imm & 31)
    if value.op == "remu" and value.args[1].op == "const" and 0 < value.args[1].imm < 1 << 31:
        return 0, value.args[1].imm - 1
    return RANGES.get(value.op, (-(1 << 31), (1 << 31) - 1))


def redundant_extension(op: str, value: Value) -> bool:
    """Whether zext8 and its like change nothing."""
    low, high = value_range(value)
    bits = 8 if op.endswith("8") else 16
    if op.startswith("z"):
        return low >= 0 and high < 1 << bits
    return low >= -(1 << (bits - 1)) and high < 1 << (bits - 1)


def simplify(op: str, args: tuple, imm, make) -> Value | None:
    """A simpler value equal to `op args`, or None. `make(op, args, imm)` creates operations."""
    if op in ("zext8", "zext16", "sext8", "sext16"):
        inner = args[0]
        if inner.op == "const":
            return make("const", (), extend(op, inner.imm))
        if redundant_extension(op, inner):
            return inner
        if inner.op in ("zext16", "sext16") and op[4:] in ("8", "16"):
            return make(op, (inner.args[0],), None)
        return None
    if op == "addr":
        inner = args[0]
        return inner.args[0] if inner.op == "fromint" else None
    if op == "ptradd" and args[1].op == "const":
        if args[1].imm == 0:
            return args[0]
        if args[0].op == "fromint" and args[0].args[0].op == "const":
            return make("fromint", (make("const", (), (args[0].args[0].imm + args[1].imm) & M32),), None)
        return None
    if len(args) != 2 or args[1].cap or args[0].cap:
        return None
    a, b = args
    if a.op == "const" and b.op == "const":
        result = constant_fold(op, a.imm, b.imm)
        return None if result is None else make("const", (), result)
    if b.op == "const":
        return _right_constant(op, a, b.imm, make)
    if a is b:
        if op in ("sub", "xor", "slt", "sltu", "sne"):
            return make("const", (), 0)
        if op == "seq":
            return make("const", (), 1)
        if op in ("and", "or"):
            return a
    if a.op == "const" and a.imm == 0 and op in ("sll", "srl", "sra"):
        return a
    return None


def _right_constant(op: str, a: Value, number: int, make) -> Value | None:
    if number == 0:
        if op in ("add", "sub", "or", "xor", "sll", "srl", "sra"):
            return a
        if op in ("mul", "and", "mulhu", "sltu"):
            return make("const", (), 0)
        if op == "sne" and value_range(a) == (0, 1):
            return a
    if number == 1 and op in ("mul", "div", "divu"):
        return a
    if number == 1 and op in ("rem", "remu"):
        return make("const", (), 0)
    if op == "sub":
        return make("add", (a, make("const", (), -number & M32)), None)
    if number and number & (number - 1) == 0:
        shift = number.bit_length() - 1
        if op == "mul":
            return make("sll", (a, make("const", (), shift)), None)
        if op == "divu":
            return make("srl", (a, make("const", (), shift)), None)
        if op == "remu":
            return make("and", (a, make("const", (), number - 1)), None)
    if op == "and" and number == M32:
        return a
    if op == "and" and number in (0xFF, 0xFFFF):
        return make("zext8" if number == 0xFF else "zext16", (a,), None)
    if op in ("add", "and", "or", "xor") and a.op == op and a.args[1].op == "const":
        merged = constant_fold(op, a.args[1].imm, number)
        return make(op, (a.args[0], make("const", (), merged)), None)
    if op in ("sll", "srl") and a.op == op and a.args[1].op == "const" and a.args[1].imm + number < 32:
        return make(op, (a.args[0], make("const", (), a.args[1].imm + number)), None)
    return None
