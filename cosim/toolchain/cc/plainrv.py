"""Runs plain RV32EMC machine code, to count the instructions another compiler needs. Not a model of anything here.

Source: RISC-V unprivileged ISA, RV32E and M.
"""

from cosim.toolchain.cc.ir import M32, signed
from cosim.toolchain.cc.irfold import constant_fold
from rtl.isa.rvc import expand

STACK_TOP = 0x8000_0000
GLOBAL_POINTER = 0x2_0800
RETURN = 0xFFFF_FFF0
"""Where main's return address points."""
BY_FUNCT3 = ("add", "sll", "slt", "sltu", "xor", "srl", "or", "and")
MULDIV = ("mul", "mulh", "mulhsu", "mulhu", "div", "divu", "rem", "remu")
BRANCHES = {
    0: lambda a, b: a == b,
    1: lambda a, b: a != b,
    4: lambda a, b: signed(a) < signed(b),
    5: lambda a, b: signed(a) >= signed(b),
    6: lambda a, b: a < b,
    7: lambda a, b: a >= b,
}
C_NOP, NOP = 0x0001, 0x0000_0013
COMPRESSED_SP_ADD = 0x5B
"""Opcode that the expansion of c.addi16sp and c.addi4spn has in this project; on plain RISC-V it is addi."""


class PlainMachine:
    """Memory is (address, bytes) pairs; `run` gives main's result and the number of instructions."""

    def __init__(self, image: list[tuple[int, bytes]], entry: int):
        self.memory: dict[int, int] = {}
        for address, content in image:
            self.memory.update(zip(range(address, address + len(content)), content, strict=True))
        self.pc = entry
        self.x = [0] * 32
        self.x[1], self.x[2], self.x[3] = RETURN, STACK_TOP, GLOBAL_POINTER
        self.words: dict[int, tuple[int, int]] = {}

    def load(self, address: int, size: int) -> int:
        get = self.memory.get
        return sum(get(address + at & M32, 0) << 8 * at for at in range(size))

    def store(self, address: int, size: int, value: int) -> None:
        for at in range(size):
            self.memory[address + at & M32] = value >> 8 * at & 0xFF

    def fetch(self) -> tuple[int, int]:
        found = self.words.get(self.pc)
        if found is None:
            half = self.load(self.pc, 2)
            found = (self.load(self.pc, 4), 4) if half & 3 == 3 else (expand(half), 2)
            if half == C_NOP:
                found = (NOP, 2)
            if found[0] is None:
                raise ValueError(f"no instruction at {self.pc:#x}: {half:#06x}")
            self.words[self.pc] = found
        return found

    def run(self, limit: int) -> tuple[int, int]:
        count = 0
        while self.pc != RETURN:
            if count == limit:
                raise ValueError(f"no end after {limit} instructions")
            self.step(*self.fetch())
            count += 1
        return self.x[10], count

    def step(self, word: int, length: int) -> None:
        x = self.x
        op, rd, f3 = word & 0x7F, word >> 7 & 31, word >> 12 & 7
        a, b, f7 = x[word >> 15 & 31], x[word >> 20 & 31], word >> 25
        imm = signed(word) >> 20
        after = self.pc + length & M32
        result = None
        if op == 0x13 or op == COMPRESSED_SP_ADD:
            name = "add" if op == COMPRESSED_SP_ADD else BY_FUNCT3[f3]
            if name == "srl" and f7 & 0x20:
                name = "sra"
            result = constant_fold(name, a, imm & 31 if name in ("sll", "srl", "sra") else imm)
        elif op == 0x33:
            name = MULDIV[f3] if f7 == 1 else BY_FUNCT3[f3]
            if f7 == 0x20:
                name = {"add": "sub", "srl": "sra"}[name]
            result = constant_fold(name, a, b)
        elif op == 0x03:
            value = self.load(a + imm & M32, 1 << (f3 & 3))
            bits = 8 << (f3 & 3)
            result = value if f3 & 4 else (value ^ 1 << bits - 1) - (1 << bits - 1) & M32
        elif op == 0x23:
            offset = (imm & ~31) | rd
            self.store(a + offset & M32, 1 << f3, b)
        elif op == 0x63:
            offset = (word >> 31) * -4096 | (word >> 7 & 1) << 11 | (word >> 25 & 63) << 5 | (word >> 8 & 15) << 1
            if BRANCHES[f3](a, b):
                after = self.pc + offset & M32
        elif op == 0x37:
            result = word & 0xFFFFF000
        elif op == 0x17:
            result = self.pc + (word & 0xFFFFF000) & M32
        elif op == 0x6F:
            offset = (word >> 31) * -(1 << 20) | (word >> 12 & 255) << 12
            offset |= (word >> 20 & 1) << 11 | (word >> 21 & 1023) << 1
            result, after = after, self.pc + offset & M32
        elif op == 0x67:
            result, after = after, a + imm & M32 & ~1
        else:
            raise ValueError(f"unknown instruction {word:#010x} at {self.pc:#x}")
        if result is not None and rd:
            x[rd] = result & M32
        self.pc = after
