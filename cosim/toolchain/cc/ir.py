"""The typed SSA form between the C tree and machine code.

Two types only: 32-bit integers and capabilities (`cap`). Wider integers are pairs before they get here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cosim.toolchain.cc.tree import Global

M32 = 0xFFFFFFFF

PURE = frozenset(
    "const add sub mul mulh mulhu mulhsu div divu rem remu and or xor sll srl sra slt sltu seq sne "
    "zext8 zext16 sext8 sext16 addr fromint ptradd setaddr frame global slot "
    "cgetbase cgetlen cgettop cgetperm cgettype cgethigh csetbounds csetboundsexact csetboundsrounddown "
    "candperm cseal cunseal ccleartag crrl cram csethigh csub".split()
)
"""Operations without effects and without traps: they may be merged, moved and dropped."""
MOMENTARY = frozenset("cgettag csetequalexact ctestsubset".split())
"""Operations that look at tags: revocation can clear the tag of a value at any time, so they stay where they are."""

LOADS = frozenset("lb lbu lh lhu lw clc".split())
STORES = frozenset("sb sh sw csc".split())
COMMUTATIVE = frozenset("add mul mulhu mulh and or xor seq sne".split())
SIZES = {"lb": 1, "lbu": 1, "lh": 2, "lhu": 2, "lw": 4, "clc": 8, "sb": 1, "sh": 2, "sw": 4, "csc": 8}
NEGATED = {"eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt", "ltu": "geu", "geu": "ltu"}


class Value:
    """One operation and its result. `imm` holds what is not a value: constant, offset, symbol, slot, call."""

    __slots__ = ("args", "block", "cap", "forward", "id", "imm", "line", "op", "volatile")

    def __init__(self, op: str, args: tuple = (), imm=None, cap: bool = False):
        self.op, self.args, self.imm, self.cap = op, args, imm, cap
        self.block: Block | None = None
        self.forward: Value | None = None
        self.volatile = False
        self.id = 0
        self.line = 0

    def __repr__(self) -> str:
        args = " ".join(f"v{arg.id}" for arg in self.args)
        return f"v{self.id}{'c' if self.cap else ''} = {self.op} {args} {'' if self.imm is None else self.imm}".rstrip()


class Block:
    """Straight-line code; `term` is a tuple: ("jump", block), ("branch", cond, a, b, yes, no), ("ret", values)
    or ("stop",) where control never arrives."""

    __slots__ = ("body", "defs", "depth", "index", "known", "pending", "phis", "preds", "sealed", "term")

    def __init__(self):
        self.phis: list[Value] = []
        self.body: list[Value] = []
        self.term: tuple | None = None
        self.preds: list[Block] = []
        self.index = 0
        self.depth = 0
        self.sealed = False
        self.defs: dict = {}
        self.pending: list = []
        self.known: dict = {}

    def successors(self) -> tuple[Block, ...]:
        if self.term[0] == "jump":
            return (self.term[1],)
        if self.term[0] == "branch":
            return self.term[4:6]
        return ()


@dataclass(slots=True, eq=False)
class Slot:
    """An object in the stack frame; sizes and alignments in bytes."""

    name: str
    size: int
    align: int
    offset: int = -1


@dataclass(slots=True, eq=False)
class CallInfo:
    """How a call is made. `target` None: the first argument is the capability to jump to.

    `stack` counts argument values passed in memory (8-byte slots); `results` tells for each result register whether
    it holds a capability. With `switcher` the first argument is a sealed export entry for the switcher.
    """

    target: Global | str | None
    results: tuple[bool, ...] = ()
    stack: int = 0
    switcher: bool = False


@dataclass(slots=True, eq=False)
class AsmInfo:
    """Inline assembly: template and the operand numbering (outputs first)."""

    text: str
    names: list[str | None]
    constraints: list[str]
    outputs: int
    clobbers: list[str]
    tied: dict[int, int]


@dataclass(slots=True, eq=False)
class Function:
    """A function in SSA form; blocks are in layout order, the first is the entry."""

    symbol: Global
    blocks: list[Block] = field(default_factory=list)
    params: list[Value] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)
    stack_area: Value | None = None
    next_id: int = 0

    def new_value(self, op: str, args: tuple = (), imm=None, cap: bool = False) -> Value:
        value = Value(op, args, imm, cap)
        value.id = self.next_id
        self.next_id += 1
        return value

    def dump(self) -> str:
        """Readable text of the whole function, for debugging."""
        lines = [f"function {self.symbol.label}({', '.join(f'v{p.id}' for p in self.params)})"]
        for block in self.blocks:
            lines.append(f" b{block.index}: preds {[p.index for p in block.preds]} depth {block.depth}")
            lines += [f"  {item!r}" for item in [*block.phis, *block.body]]
            term = [
                f"b{x.index}" if isinstance(x, Block) else f"v{x.id}" if isinstance(x, Value) else str(x)
                for x in block.term
            ]
            lines.append("  " + " ".join(term))
        return "\n".join(lines)


def resolve(value: Value) -> Value:
    """The value that stands for this one after replacements."""
    while value.forward is not None:
        value = value.forward
    return value


def signed(value: int) -> int:
    value &= M32
    return value - (1 << 32) if value >> 31 else value
