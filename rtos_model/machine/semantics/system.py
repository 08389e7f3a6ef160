"""CSR instructions and special capability registers. Source: CHERIoT ISA; RISC-V Zicsr."""

from collections.abc import Container

from rtl.isa.csr import CSR_BY_NUMBER, READ_ONLY_SPACE, SCRS
from rtl.isa.trap import CapFault
from rtos_model.machine.capability import Perm
from rtos_model.machine.trap import illegal, special_fault
from rtos_model.machine.value import ADDRESS, SEALED, cleared, permissions

SYSTEM = ("fence", "fence_i", "ecall", "ebreak", "mret", "wfi")
SCR = ("cspecialrw",)
CSR = {
    "csrrw": lambda old, operand: operand & ADDRESS,
    "csrrs": lambda old, operand: old | operand & ADDRESS,
    "csrrc": lambda old, operand: old & ~operand & ADDRESS,
}
"""The value written, from the old one and the operand."""
TRAP_VECTOR_ALIGN = {SCRS["mtcc"]: 4, SCRS["mepcc"]: 2}
"""Registers that become PCC, with the alignment in bytes of their addresses."""


def csr_writes(op: str, operand_field: int) -> bool:
    """Set and clear forms write only if their operand field is not zero, whatever the register holds."""
    return op == "csrrw" or operand_field != 0


def check_csr(number: int, writes: bool, pcc_permissions: Perm) -> None:
    """Existence, then the read-only space, then the permission of PCC."""
    if number not in CSR_BY_NUMBER or (writes and number >> 10 == READ_ONLY_SPACE):
        raise illegal()
    if not pcc_permissions & Perm.SR and (writes or not CSR_BY_NUMBER[number].readable_without_sr):
        raise special_fault(CapFault.SYSTEM_REGISTERS)


def check_scr(number: int, existing: Container[int], pcc_permissions: Perm) -> None:
    if number not in existing:
        raise illegal()
    if not pcc_permissions & Perm.SR:
        raise special_fault(CapFault.SYSTEM_REGISTERS, number)


def legalised(number: int, value: int) -> int:
    """What a special capability register keeps: one that becomes PCC must be an aligned, unsealed, executable one."""
    align = TRAP_VECTOR_ALIGN.get(number)
    if align is None:
        return value
    if value % align or value & SEALED or not permissions(value) & Perm.EX:
        value = cleared(value)
    return value - value % align
