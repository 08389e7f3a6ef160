"""From a decoded instruction to a function that executes it on a machine and returns the next pc.

The function is made once per address and run many times, so everything that does not change is worked out here.
What the operations mean is in `rtos_model.machine.semantics`.
"""

from collections.abc import Callable

from rtl.isa.capfmt import GRANULE
from rtl.isa.csr import SCRS, ZTOPC
from rtl.isa.table import Unit
from rtl.isa.trap import CapFault, Cause
from rtos_model.machine.capability import Perm
from rtos_model.machine.csrfile import MIP
from rtos_model.machine.instruction import Instruction
from rtos_model.machine.semantics.bits import BITS
from rtos_model.machine.semantics.capability import CAP
from rtos_model.machine.semantics.control import POSTURE, check_jump, link
from rtos_model.machine.semantics.integer import ALU, BRANCH, MULDIV
from rtos_model.machine.semantics.memory import LOAD, STORE, attenuated, check_load, check_store, stored
from rtos_model.machine.semantics.system import CSR, check_csr, check_scr, csr_writes, legalised
from rtos_model.machine.trap import Trap, illegal, special_fault
from rtos_model.machine.value import ADDRESS, SEALED

Execution = Callable[[], int]
GLOBALS = 3
"""The register that `auicgp` is relative to."""
NOWHERE = 16
"""The place after the last register, which takes what is written to register 0."""


def build(machine, pc: int, i: Instruction) -> Execution:
    """The function for one instruction at one address, under the machine's present PCC."""
    after = pc + i.length & ADDRESS
    if i.unit is None:
        return (lambda: after) if i.hint else _raising(illegal)
    return _BUILDERS[i.unit](machine, pc, after, i)


def _raising(make: Callable[[], Trap]) -> Execution:
    def run() -> int:
        raise make()

    return run


def _operation(meanings: dict[str, Callable[[int, int], int]]):
    """An operation on rs1 and rs2 or an immediate whose result goes to rd."""

    def make(machine, pc: int, after: int, i: Instruction) -> Execution:
        registers, rd, rs1, rs2, imm = machine.registers, i.rd or NOWHERE, i.rs1, i.rs2, i.imm
        operate = meanings[i.op]

        def with_register() -> int:
            registers[rd] = operate(registers[rs1], registers[rs2])
            return after

        def with_immediate() -> int:
            registers[rd] = operate(registers[rs1], imm)
            return after

        return with_immediate if i.immediate else with_register

    return make


def _cap(machine, pc: int, after: int, i: Instruction) -> Execution:
    if i.name not in ("auipcc", "auicgp"):
        return _operation(CAP)(machine, pc, after, i)
    registers, rd, imm = machine.registers, i.rd or NOWHERE, i.imm
    add = CAP[i.op]
    from_pc = machine.pcc.at(pc + imm)

    def auipcc() -> int:
        registers[rd] = from_pc
        return after

    def auicgp() -> int:
        registers[rd] = add(registers[GLOBALS], imm)
        return after

    return auipcc if i.name == "auipcc" else auicgp


def _branch(machine, pc: int, after: int, i: Instruction) -> Execution:
    registers, rs1, rs2 = machine.registers, i.rs1, i.rs2
    taken = BRANCH[i.op]
    target = pc + i.imm & ADDRESS

    def run() -> int:
        return target if taken(registers[rs1], registers[rs2]) else after

    return run


def _jump(machine, pc: int, after: int, i: Instruction) -> Execution:
    registers, csrs, cd, cs1, imm = machine.registers, machine.csrs, i.rd, i.rs1, i.imm
    returning = machine.pcc.at(after)

    def cjal() -> int:
        registers[cd or NOWHERE] = link(returning, cd, csrs.mie)
        return target

    def cjalr() -> int:
        to = registers[cs1]
        otype = check_jump(to, imm, cd, cs1)
        registers[cd or NOWHERE] = link(returning, cd, csrs.mie)
        if otype in POSTURE:
            machine.set_interrupt_enable(POSTURE[otype])
        machine.install(to & ~SEALED)
        return to + imm & ADDRESS - 1

    target = pc + imm & ADDRESS
    return cjal if i.op == "cjal" else cjalr


def _load(machine, pc: int, after: int, i: Instruction) -> Execution:
    registers, memory, rd, rs1, imm = machine.registers, machine.memory, i.rd or NOWHERE, i.rs1, i.imm
    size, signed = LOAD[i.op]
    sign = 1 << 8 * size - 1
    filtered = machine.load_filter.filtered

    def scalar() -> int:
        authority = registers[rs1]
        address = authority + imm & ADDRESS
        check_load(authority, address, size, rs1)
        machine.address = address
        machine.transferred = found = memory.load(address, size)
        registers[rd] = (found ^ sign) - sign & ADDRESS if signed else found
        return after

    def clc() -> int:
        authority = registers[rs1]
        address = authority + imm & ADDRESS
        check_load(authority, address, size, rs1)
        machine.address = address
        machine.transferred = found = memory.load_capability(address)
        registers[rd] = filtered(attenuated(found, authority))
        return after

    return clc if size == GRANULE else scalar


def _store(machine, pc: int, after: int, i: Instruction) -> Execution:
    registers, memory, csrs, rs1, rs2, imm = machine.registers, machine.memory, machine.csrs, i.rs1, i.rs2, i.imm
    size = STORE[i.op].size
    mask = (1 << 8 * size) - 1

    def scalar() -> int:
        authority, value = registers[rs1], registers[rs2]
        address = authority + imm & ADDRESS
        check_store(authority, address, size, rs1, value)
        machine.address = address
        machine.transferred = value = value & mask
        memory.store(address, size, value)
        if csrs.limit <= address < csrs.mark:
            csrs.stored(address)
        return after

    def csc() -> int:
        authority, value = registers[rs1], registers[rs2]
        address = authority + imm & ADDRESS
        check_store(authority, address, size, rs1, value)
        machine.address = address
        machine.transferred = value = stored(value, authority)
        memory.store_capability(address, value)
        if csrs.limit <= address < csrs.mark:
            csrs.stored(address)
        return after

    return csc if size == GRANULE else scalar


def _csr(machine, pc: int, after: int, i: Instruction) -> Execution:
    registers, csrs, rd, rs1, number = machine.registers, machine.csrs, i.rd or NOWHERE, i.rs1, i.special
    imm, immediate = i.imm, i.immediate
    compute = CSR[i.op]
    writes = csr_writes(i.op, imm if immediate else rs1)
    permissions = machine.pcc.permissions

    def run() -> int:
        check_csr(number, writes, permissions)
        old = csrs.read(number, machine.agenda.visible_lines() if number == MIP else 0)
        if writes:
            csrs.write(number, compute(old, imm if immediate else registers[rs1]))
            machine.agenda.plan()
        registers[rd] = old
        return after

    return run


def _scr(machine, pc: int, after: int, i: Instruction) -> Execution:
    registers, scrs, cd, cs1, number = machine.registers, machine.scrs, i.rd or NOWHERE, i.rs1, i.special
    permissions = machine.pcc.permissions

    def run() -> int:
        check_scr(number, scrs, permissions)
        old, new = scrs[number], registers[cs1]
        if cs1 and number == SCRS[ZTOPC]:
            machine.write_ztopc(new)
        elif cs1:
            scrs[number] = legalised(number, new)
        registers[cd] = old
        return after

    return run


def _system(machine, pc: int, after: int, i: Instruction) -> Execution:
    privileged = machine.pcc.permissions & Perm.SR

    def mret() -> int:
        if not privileged:
            raise special_fault(CapFault.SYSTEM_REGISTERS)
        machine.csrs.leave_trap()
        machine.agenda.plan()
        to = machine.scrs[SCRS["mepcc"]]
        machine.install(to)
        return to & ADDRESS

    def wfi() -> int:
        machine.agenda.wait()
        return after

    meanings = {
        "fence": lambda: after,
        "fence_i": lambda: after,  # a store to code has already discarded what was decoded
        "ecall": _raising(lambda: Trap(Cause.ECALL)),
        "ebreak": _raising(lambda: Trap(Cause.BREAKPOINT, pc)),
        "mret": mret,
        "wfi": wfi,
    }
    return meanings[i.op]


_BUILDERS = {
    Unit.ALU: _operation(ALU),
    Unit.MULDIV: _operation(MULDIV),
    Unit.BITS: _operation(BITS),
    Unit.CAP: _cap,
    Unit.BRANCH: _branch,
    Unit.JUMP: _jump,
    Unit.LOAD: _load,
    Unit.STORE: _store,
    Unit.CSR: _csr,
    Unit.SCR: _scr,
    Unit.SYSTEM: _system,
}
