"""Trap causes, capability fault codes and the packing of mtval for CHERI exceptions.

Source: CHERIoT ISA, "Exceptions"; RISC-V privileged ISA.
"""

import enum


class Cause(enum.IntEnum):
    """mcause of synchronous traps."""

    FETCH_ACCESS = 1
    ILLEGAL = 2
    BREAKPOINT = 3
    LOAD_MISALIGNED = 4
    LOAD_ACCESS = 5
    STORE_MISALIGNED = 6
    STORE_ACCESS = 7
    ECALL = 11
    CHERI = 28


INTERRUPT = 31
"""Bit of mcause that is set for interrupts."""


class CapFault(enum.IntEnum):
    """The low five bits of mtval when mcause is CHERI."""

    NONE = 0x00
    BOUNDS = 0x01
    TAG = 0x02
    SEAL = 0x03
    PERMIT_EXECUTE = 0x11
    PERMIT_LOAD = 0x12
    PERMIT_STORE = 0x13
    PERMIT_STORE_CAPABILITY = 0x15
    SYSTEM_REGISTERS = 0x18


CAP_INDEX = 5
"""Bit of mtval where the register number starts."""
CAP_SPECIAL = 10
"""Bit of mtval that says the number is a special register: 0 is PCC, 28 to 31 are SCRs."""
