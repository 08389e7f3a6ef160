"""Lowering of 64-bit integers to pairs of 32-bit ones, low half first."""

from cosim.toolchain.cc.ir import Block, Value
from cosim.toolchain.cc.types import IntType

Pair = tuple[Value, Value]

RUNTIME = {("/", True): "__divdi3", ("/", False): "__udivdi3", ("%", True): "__moddi3", ("%", False): "__umoddi3"}
SHIFTS = {("<<", True): "__ashldi3", ("<<", False): "__ashldi3", (">>", True): "__ashrdi3", (">>", False): "__lshrdi3"}


class Wide:
    """The part of lowering for 64-bit arithmetic."""

    def wide_const(self, value: int) -> Pair:
        return self.b.const(value), self.b.const(value >> 32)

    def widen(self, value: Value, is_signed: bool) -> Pair:
        return value, self.b.emit("sra", (value, self.b.const(31))) if is_signed else self.b.const(0)

    def wide_binary(self, op: str, ctype: IntType, a: Pair, b: Pair) -> Pair:
        e = self.b.emit
        match op:
            case "+":
                low = e("add", (a[0], b[0]))
                carry = e("sltu", (low, b[0]))
                return low, e("add", (e("add", (a[1], b[1])), carry))
            case "-":
                borrow = e("sltu", (a[0], b[0]))
                return e("sub", (a[0], b[0])), e("sub", (e("sub", (a[1], b[1])), borrow))
            case "*":
                high = e("mulhu", (a[0], b[0]))
                cross = e("add", (e("mul", (a[0], b[1])), e("mul", (a[1], b[0]))))
                return e("mul", (a[0], b[0])), e("add", (high, cross))
            case "&" | "|" | "^":
                name = {"&": "and", "|": "or", "^": "xor"}[op]
                return e(name, (a[0], b[0])), e(name, (a[1], b[1]))
        if op in ("/", "%") and b[0].op == b[1].op == "const":
            simple = self._divide_by_power(op, ctype, a, b[0].imm | b[1].imm << 32)
            if simple is not None:
                return simple
        return self.call_runtime(RUNTIME[op, ctype.signed], (*a, *b), (False, False))

    def _divide_by_power(self, op: str, ctype: IntType, a: Pair, divisor: int) -> Pair | None:
        if ctype.signed or not divisor or divisor & (divisor - 1):
            return None
        if op == "%":
            return self.wide_binary("&", ctype, a, self.wide_const(divisor - 1))
        return self.shift(">>", False, a, divisor.bit_length() - 1)

    def shift(self, op: str, is_signed: bool, a: Pair, count: Value | int) -> Pair:
        """Shift a pair; constant counts need no call."""
        if isinstance(count, Value):
            if count.op != "const":
                return self.call_runtime(SHIFTS[op, is_signed], (*a, count), (False, False))
            count = count.imm
        e, c = self.b.emit, self.b.const
        count &= 63
        if count == 0:
            return a
        low, high = a
        if op == "<<":
            if count >= 32:
                return c(0), e("sll", (low, c(count - 32)))
            spill = e("srl", (low, c(32 - count)))
            return e("sll", (low, c(count))), e("or", (e("sll", (high, c(count))), spill))
        right = "sra" if is_signed else "srl"
        if count >= 32:
            return e(right, (high, c(count - 32))), e("sra", (high, c(31))) if is_signed else c(0)
        spill = e("sll", (high, c(32 - count)))
        return e("or", (e("srl", (low, c(count))), spill)), e(right, (high, c(count)))

    def wide_branch(self, op: str, is_signed: bool, a: Pair, b: Pair, yes: Block, no: Block) -> None:
        """Go to `yes` if the comparison holds: the high halves decide, and the low ones where those are equal."""
        if op in (">", "<="):
            a, b = b, a
            op = {">": "<", "<=": ">="}[op]
        if op in (">=", "!="):
            yes, no = no, yes
        middle = self.b.new_block()
        if op in ("==", "!="):
            self.b.branch("eq", a[1], b[1], middle, no)
            self._continue_in(middle)
            self.b.branch("eq", a[0], b[0], yes, no)
            return
        less = "lt" if is_signed else "ltu"
        if is_signed and all(part.op == "const" and part.imm == 0 for part in b):
            self.b.branch(less, a[1], b[1], yes, no)
            return
        self.b.branch(less, a[1], b[1], yes, middle)
        self._continue_in(middle)
        last = self.b.new_block()
        self.b.branch("eq", a[1], b[1], last, no)
        self._continue_in(last)
        self.b.branch("ltu", a[0], b[0], yes, no)

    def _continue_in(self, block: Block) -> None:
        self.b.seal(block)
        self.b.start(block)

    def wide_compare(self, op: str, is_signed: bool, a: Pair, b: Pair) -> Value:
        e = self.b.emit
        if op in ("==", "!="):
            both = e("or", (e("xor", (a[0], b[0])), e("xor", (a[1], b[1]))))
            return e("seq" if op == "==" else "sne", (both, self.b.const(0)))
        if op in (">", "<="):
            a, b = b, a
        if is_signed and all(part.op == "const" and part.imm == 0 for part in b):
            less = e("slt", (a[1], b[1]))  # against zero the sign decides
        else:
            high = e("slt" if is_signed else "sltu", (a[1], b[1]))
            low = e("and", (e("seq", (a[1], b[1])), e("sltu", (a[0], b[0]))))
            less = e("or", (high, low))
        return less if op in ("<", ">") else e("seq", (less, self.b.const(0)))
