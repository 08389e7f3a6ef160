"""Integer operations on the address halves of two operands. Source: RISC-V unprivileged ISA, I and M.

Operands are register values or immediates, of which only the low 32 bits count; results are 32-bit integers.
"""

from rtos_model.machine.value import ADDRESS as WORD

SIGN = 1 << 31


def signed(a: int) -> int:
    return (a & WORD ^ SIGN) - SIGN


def divide(a: int, b: int) -> tuple[int, int]:
    """Quotient rounded towards zero and remainder with the dividend's sign; by zero: -1 and the dividend."""
    if b == 0:
        return -1, a
    quotient = abs(a) // abs(b)
    if (a < 0) != (b < 0):
        quotient = -quotient
    return quotient, a - quotient * b


ALU = {
    "lui": lambda _, b: b & WORD,
    "add": lambda a, b: a + b & WORD,
    "sub": lambda a, b: a - b & WORD,
    "sll": lambda a, b: a << (b & 31) & WORD,
    "slt": lambda a, b: int(signed(a) < signed(b)),
    "sltu": lambda a, b: int(a & WORD < b & WORD),
    "xor": lambda a, b: (a ^ b) & WORD,
    "srl": lambda a, b: (a & WORD) >> (b & 31),
    "sra": lambda a, b: signed(a) >> (b & 31) & WORD,
    "or": lambda a, b: (a | b) & WORD,
    "and": lambda a, b: a & b & WORD,
}
MULDIV = {
    "mul": lambda a, b: a * b & WORD,
    "mulh": lambda a, b: signed(a) * signed(b) >> 32 & WORD,
    "mulhsu": lambda a, b: signed(a) * (b & WORD) >> 32 & WORD,
    "mulhu": lambda a, b: (a & WORD) * (b & WORD) >> 32,
    "div": lambda a, b: divide(signed(a), signed(b))[0] & WORD,
    "divu": lambda a, b: divide(a & WORD, b & WORD)[0] & WORD,
    "rem": lambda a, b: divide(signed(a), signed(b))[1] & WORD,
    "remu": lambda a, b: divide(a & WORD, b & WORD)[1],
}
BRANCH = {
    "beq": lambda a, b: a & WORD == b & WORD,
    "bne": lambda a, b: a & WORD != b & WORD,
    "blt": lambda a, b: signed(a) < signed(b),
    "bge": lambda a, b: signed(a) >= signed(b),
    "bltu": lambda a, b: a & WORD < b & WORD,
    "bgeu": lambda a, b: a & WORD >= b & WORD,
}
