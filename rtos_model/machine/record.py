"""Adds a commit record to the execution of an instruction. What each field holds is told in `rtl.isa.commit`.

A recorder wraps an execution (`rtos_model.machine.execute`): it reads the operands before and the results after it,
gives the next pc to the machine and returns the record.
"""

from collections.abc import Callable

from rtl.isa.csr import SCRS
from rtl.isa.table import Unit
from rtl.isa.trap import Cause
from rtos_model.machine.commit import Record, at, joined, mask, pack
from rtos_model.machine.csrfile import MIP
from rtos_model.machine.execute import Execution
from rtos_model.machine.instruction import Instruction
from rtos_model.machine.semantics.memory import LOAD, STORE
from rtos_model.machine.semantics.system import csr_writes
from rtos_model.machine.trap import Trap
from rtos_model.machine.value import ADDRESS, METADATA_AT, TAG_AT, WORDS

Recorder = Callable[[], Record]
COMPRESSED = mask("compressed")
RD_AT, RS1_AT, RS2_AT = at("rd"), at("rs1"), at("rs2")
RD_TAG_AT, RS1_TAG_AT, RS2_TAG_AT = at("rd_tag"), at("rs1_tag"), at("rs2_tag")
RMASK_AT, WMASK_AT, RTAG_AT, WTAG_AT = at("mem_rmask"), at("mem_wmask"), at("mem_rtag"), at("mem_wtag")
MIE_AT, MPIE_AT = at("mie"), at("mpie")
INSN_AT, MSHWM_AT = at("insn"), at("mshwm")
CAUSE_INTERRUPT = 1 << 5
"""The interrupt bit of mcause as the field `cause` has it."""


def recorder(machine, pc: int, i: Instruction, execute: Execution) -> Recorder:
    """The recorder of one instruction at one address."""
    unit = i.unit
    if unit is Unit.LOAD:
        return _load(machine, pc, i, execute)
    if unit is Unit.STORE:
        return _store(machine, pc, i, execute)
    plain = _plain(machine, pc, i, execute)
    if unit is Unit.CSR:
        return _csr(machine, i, plain)
    if unit is Unit.SCR:
        return _scr(machine, i, plain)
    return _pcc(machine, plain) if i.op in ("cjalr", "mret") else plain


def _constants(pc: int, i: Instruction) -> tuple[int, int, int]:
    """What does not change from run to run: the flags, word 1, and the operand numbers."""
    flags = COMPRESSED if i.length == 2 else 0
    return flags, pc | i.word << INSN_AT, i.rd << RD_AT | i.rs1 << RS1_AT | i.rs2 << RS2_AT


def _plain(machine, pc: int, i: Instruction, execute: Execution) -> Recorder:
    registers, csrs, time, rd, rs1, rs2 = machine.registers, machine.csrs, machine.time, i.rd, i.rs1, i.rs2
    flags, where, operands = _constants(pc, i)

    def run() -> Record:
        a, b = registers[rs1], registers[rs2]
        machine.pc = after = execute()
        d = registers[rd]
        return (
            time.now | flags | csrs.mie << MIE_AT | csrs.mpie << MPIE_AT,
            where,
            after | csrs.mark << MSHWM_AT,
            d & WORDS,
            operands | d >> TAG_AT << RD_TAG_AT | a >> TAG_AT << RS1_TAG_AT | b >> TAG_AT << RS2_TAG_AT,
            *(0, 0, 0, 0, 0, 0, 0),
            a & WORDS,
            b & WORDS,
        )

    return run


def _load(machine, pc: int, i: Instruction, execute: Execution) -> Recorder:
    registers, csrs, time, rd, rs1 = machine.registers, machine.csrs, machine.time, i.rd, i.rs1
    flags, where, operands = _constants(pc, i)
    operands |= (1 << LOAD[i.op].size) - 1 << RMASK_AT

    def run() -> Record:
        a = registers[rs1]
        machine.pc = after = execute()
        d, found = registers[rd], machine.transferred
        return (
            time.now | flags | csrs.mie << MIE_AT | csrs.mpie << MPIE_AT,
            where,
            after | csrs.mark << MSHWM_AT,
            d & WORDS,
            operands | d >> TAG_AT << RD_TAG_AT | a >> TAG_AT << RS1_TAG_AT | found >> TAG_AT << RTAG_AT,
            machine.address,
            found & WORDS,
            *(0, 0, 0, 0, 0),
            a & WORDS,
            0,
        )

    return run


def _store(machine, pc: int, i: Instruction, execute: Execution) -> Recorder:
    registers, csrs, time, rs1, rs2 = machine.registers, machine.csrs, machine.time, i.rs1, i.rs2
    flags, where, operands = _constants(pc, i)
    operands |= (1 << STORE[i.op].size) - 1 << WMASK_AT

    def run() -> Record:
        a, b = registers[rs1], registers[rs2]
        machine.pc = after = execute()
        written = machine.transferred
        return (
            time.now | flags | csrs.mie << MIE_AT | csrs.mpie << MPIE_AT,
            where,
            after | csrs.mark << MSHWM_AT,
            0,
            operands | a >> TAG_AT << RS1_TAG_AT | b >> TAG_AT << RS2_TAG_AT | written >> TAG_AT << WTAG_AT,
            machine.address,
            0,
            written & WORDS,
            *(0, 0, 0, 0),
            a & WORDS,
            b & WORDS,
        )

    return run


def _csr(machine, i: Instruction, plain: Recorder) -> Recorder:
    csrs, number = machine.csrs, i.special
    writes = csr_writes(i.op, i.imm if i.immediate else i.rs1)

    def run() -> Record:
        record = plain()
        lines = machine.agenda.visible_lines() if number == MIP else 0
        stored = csrs.reads_back(number, lines) if writes else 0
        return joined(record, pack(csr=number, csr_write=writes, csr_wdata=stored, mip=lines))

    return run


def _scr(machine, i: Instruction, plain: Recorder) -> Recorder:
    scrs, number, writes = machine.scrs, i.special, i.rs1 != 0

    def run() -> Record:
        record = plain()
        stored = scrs[number] if writes else 0
        meta = stored >> METADATA_AT & ADDRESS
        fields = pack(
            scr=number, scr_write=writes, scr_address=stored & ADDRESS, scr_meta=meta, scr_tag=stored >> TAG_AT
        )
        return joined(record, fields)

    return run


def _pcc(machine, plain: Recorder) -> Recorder:
    def run() -> Record:
        return joined(plain(), machine.pcc.record)

    return run


def trap_record(machine, pc: int, i: Instruction | None, trap: Trap) -> Record:
    """The record of a synchronous trap that the machine has just taken; `i` is None if it could not be fetched."""
    accessed = trap.cause in (Cause.LOAD_ACCESS, Cause.STORE_ACCESS)
    fields = pack(
        clock=machine.time.now,
        trap=1,
        compressed=i is not None and i.length == 2,
        insn=i.word if i else 0,
        cause=trap.cause,
        mtval=trap.mtval,
        mem_address=trap.mtval if accessed else 0,
        mem_wmask=trap.written[0],
        mem_wdata=trap.written[1],
    )
    return joined(fields, _entry(machine, pc))


def interrupt_record(machine, pc: int, cause: int, lines: int) -> Record:
    """The record of an interrupt that the machine has just taken before the instruction at pc."""
    fields = pack(clock=machine.time.now, trap=1, interrupt=1, cause=CAUSE_INTERRUPT | cause, mip=lines)
    return joined(fields, _entry(machine, pc))


def _entry(machine, pc: int) -> Record:
    """What every trap entry has written."""
    mepcc, csrs = machine.scrs[SCRS["mepcc"]], machine.csrs
    fields = pack(
        pc=pc,
        next_pc=machine.pc,
        mshwm=csrs.mark,
        mie=csrs.mie,
        mpie=csrs.mpie,
        mepcc_tag=mepcc >> TAG_AT,
        mepcc_meta=mepcc >> METADATA_AT & ADDRESS,
    )
    return joined(fields, machine.pcc.record)
