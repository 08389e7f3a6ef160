"""Control and status registers, and special capability registers: numbers, access, reset values, fields.

Source: CHERIoT ISA (machine mode only; DEC-2 to DEC-5); RISC-V privileged ISA for the fields.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Csr:
    """`writable` has a 1 for every bit that a write changes; the others keep their reset value."""

    name: str
    number: int
    writable: int
    reset: int = 0
    readable_without_sr: bool = False


MIE = 3
"""Bit of mstatus."""
MPIE = 7
"""Bit of mstatus."""
INTERRUPT_BITS = {"software": 3, "timer": 7, "external": 11}
"""Bits of mie and mip, and the low part of mcause."""
INTERRUPT_PRIORITY = ("external", "software", "timer")
_INTERRUPTS = sum(1 << bit for bit in INTERRUPT_BITS.values())
STACK_MARK_ALIGN = 16
"""Bytes: granule of mshwm and mshwmb."""
MISA_B = 1 << 1
"""Bit of misa: the core has all of `B_EXTENSIONS`."""
B_EXTENSIONS = ("Zba", "Zbb", "Zbs")
_MARK = 0xFFFF_FFFF & -STACK_MARK_ALIGN

CSRS = (
    Csr("mstatus", 0x300, 1 << MIE | 1 << MPIE, reset=0x1800),
    Csr("misa", 0x301, 0, reset=0x4080_1014),
    Csr("mie", 0x304, _INTERRUPTS),
    Csr("mcountinhibit", 0x320, 0b101),
    Csr("mscratch", 0x340, 0xFFFF_FFFF),
    Csr("mcause", 0x342, 0x8000_001F),
    Csr("mtval", 0x343, 0xFFFF_FFFF),
    Csr("mip", 0x344, 0),
    Csr("mcycle", 0xB00, 0xFFFF_FFFF, readable_without_sr=True),
    Csr("minstret", 0xB02, 0xFFFF_FFFF, readable_without_sr=True),
    Csr("mcycleh", 0xB80, 0xFFFF_FFFF, readable_without_sr=True),
    Csr("minstreth", 0xB82, 0xFFFF_FFFF, readable_without_sr=True),
    Csr("mshwm", 0xBC1, _MARK),
    Csr("mshwmb", 0xBC2, _MARK),
    Csr("mvendorid", 0xF11, 0),
    Csr("marchid", 0xF12, 0),
    Csr("mimpid", 0xF13, 0),
    Csr("mhartid", 0xF14, 0),
)
CSR_BY_NAME = {row.name: row for row in CSRS}
CSR_BY_NUMBER = {row.number: row for row in CSRS}
READ_ONLY_SPACE = 3
"""A CSR number whose top two bits are these must not be written."""

SCRS = {"ztopc": 27, "mtcc": 28, "mtdc": 29, "mscratchc": 30, "mepcc": 31}
"""Special capability registers by name."""
ZTOPC = "ztopc"
"""Of these, the one that only cores with a stack zeroiser have."""
SCR_BY_NUMBER = {number: name for name, number in SCRS.items()}
