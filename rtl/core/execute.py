"""The execute stage: one instruction at a time meets its operands, and everything that can go wrong is decided.

An instruction leaves in its first cycle except: divisions, loads and stores that the bus does not take at once or
that cross a line, wfi, reads of bounds of untagged capabilities, reads of counters that wait for the memory stage,
and what waits for the stack zeroiser. Nothing has happened to the machine's state before it leaves, but for the first
line of a split store.
"""

from amaranth.hdl import Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.bus.port import Request, Response
from rtl.cap.check import AccessCheck
from rtl.cap.layout import Cap, Expanded
from rtl.cap.perms import grants
from rtl.config import CoreConfig
from rtl.core.alu import Alu
from rtl.core.bits import BitUnit
from rtl.core.capunit import CapUnit
from rtl.core.control import Fault, Size, ToExecute, ToMemory, Trace, is_op
from rtl.core.csrfile import CsrFile
from rtl.core.jump import JumpUnit
from rtl.core.loadstore import StoreAligner
from rtl.core.muldiv import MulDiv
from rtl.core.scrfile import SpecialRegisters
from rtl.core.trace import Tracer
from rtl.core.zeroiser import Zeroiser
from rtl.isa.commit import CLOCK_BITS
from rtl.isa.csr import SCRS, ZTOPC
from rtl.isa.table import FIELDS, Unit
from rtl.isa.trap import CAP_INDEX, CAP_SPECIAL, CapFault, Cause

BOUNDS_READERS = ("getbase", "gettop", "getlen", "testsubset")


def special(fault: CapFault, number: int = 0) -> int:
    """mtval of a fault of PCC (number 0) or of a special capability register."""
    return 1 << CAP_SPECIAL | number << CAP_INDEX | fault


class Execute(wiring.Component):
    """`clear`: the memory stage takes what leaves in this cycle. `cancel`: an older instruction has trapped.

    `verdict` is the load filter's answer for operands that entered with `a_filtered` or `b_filtered` set, valid in
    the first cycle after entering; `loaded` is what the memory stage has read, in the cycle where it is done, for
    one that entered with `b_late` set. `expand` asks to decode the bounds of a capability, answered in the same
    cycle while `decoder_free`. `first` is the line read by the first half of a split load.
    """

    enter: In(1)
    entry: In(ToExecute)
    valid: Out(1)
    clear: In(1)
    cancel: In(1)
    memory_empty: In(1)
    verdict: In(1)
    loaded: In(32)

    leave: Out(1)
    result: Out(ToMemory)
    trace: Out(Trace)
    loads: Out(1)  # the result is not there before the memory stage
    redirect: Out(1)
    address: Out(32)
    fault_pc: In(32)  # of the older instruction that `cancel` speaks of
    fault_cause: In(6)
    fault_address: In(32)
    learn: Out(1)
    correct: Out(1)  # of the static prediction
    sleeping: Out(1)
    clock: In(CLOCK_BITS)

    expand: Out(Cap)
    decoder_free: In(1)
    base: In(32)
    top: In(33)

    second: Out(1)  # between the two requests of one access
    request_valid: Out(1)
    request_ready: In(1)
    request: Out(Request)
    answered: In(1)
    response: In(Response)
    first: Out(64)

    def __init__(
        self, config: CoreConfig, csrs: CsrFile, scrs: SpecialRegisters, zeroiser: Zeroiser | None = None
    ):
        self.config = config
        self.zeroiser = zeroiser
        self.csrs = csrs
        self.scrs = scrs
        self.x = Signal(ToExecute)
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        m.submodules.alu = alu = Alu()
        m.submodules.capunit = capunit = CapUnit()
        m.submodules.muldiv = muldiv = MulDiv()
        m.submodules.check = check = AccessCheck()
        m.submodules.aligner = aligner = StoreAligner()
        m.submodules.jump = jump = JumpUnit()
        x, c, csrs, scrs = self.x, self.x.control, self.csrs, self.scrs
        pcc = scrs.pcc

        # Operands, with the load filter's verdict
        a, b = Signal(Expanded), Signal(Expanded)
        m.d.comb += [
            a.eq(x.a),
            b.eq(x.b),
            a.cap.tag.eq(x.a.cap.tag & ~(x.a_filtered & self.verdict)),
            b.cap.tag.eq(x.b.cap.tag & ~(x.b_filtered & self.verdict)),
        ]
        with m.If(x.b_late):
            m.d.comb += [b.cap.address.eq(self.loaded), b.cap.meta.eq(0), b.cap.tag.eq(0)]
        following, imm, effective = Signal(32), Signal(12), Signal(32)
        m.d.comb += [
            following.eq(x.pc + Mux(x.compressed, 2, 4)),
            imm.eq(c.imm),
            effective.eq(a.cap.address + imm.as_signed()),
        ]

        unit = {unit: Signal(name=f"unit_{unit.name.lower()}") for unit in Unit}
        m.d.comb += [signal.eq(c.unit == unit) for unit, signal in unit.items()]
        memory = Signal()
        m.d.comb += memory.eq(unit[Unit.LOAD] | unit[Unit.STORE])

        # Units
        m.d.comb += [
            Value.cast(alu.op).eq(c.op),
            alu.a.eq(a.cap.address),
            alu.b.eq(b.cap.address),
            Value.cast(capunit.op).eq(c.op),
            capunit.a.eq(a),
            capunit.b.eq(b),
            Value.cast(muldiv.op).eq(c.op),
            muldiv.a.eq(a.cap.address),
            muldiv.b.eq(b.cap.address),
        ]
        if self.config.has_bit_manipulation:
            m.submodules.bits = bits = BitUnit(self.config.extensions)
            m.d.comb += [
                Value.cast(bits.op).eq(c.op),
                bits.a.eq(a.cap.address),
                bits.b.eq(b.cap.address),
                bits.lt.eq(alu.lt),
                bits.ltu.eq(alu.ltu),
            ]

        # Bounds of untagged operands are decoded on demand, one operand a cycle
        reads_bounds = is_op(c, Unit.CAP, *BOUNDS_READERS)
        decoded = Signal(2)
        missing_a = reads_bounds & ~a.cap.tag & ~decoded[0]
        missing_b = is_op(c, Unit.CAP, "testsubset") & ~b.cap.tag & ~decoded[1]
        unexpanded = Signal()
        m.d.comb += [unexpanded.eq(missing_a | missing_b), self.expand.eq(Mux(missing_a, x.a.cap, x.b.cap))]

        # Branches and jumps
        taken = Signal()
        with m.If(is_op(c, Unit.BRANCH, "beq", "bne")):
            m.d.comb += taken.eq(alu.eq ^ is_op(c, Unit.BRANCH, "bne"))
        with m.Elif(is_op(c, Unit.BRANCH, "blt", "bge")):
            m.d.comb += taken.eq(alu.lt ^ is_op(c, Unit.BRANCH, "bge"))
        with m.Else():
            m.d.comb += taken.eq(alu.ltu ^ is_op(c, Unit.BRANCH, "bgeu"))
        cjalr = is_op(c, Unit.JUMP, "cjalr")
        m.d.comb += [
            jump.target.eq(a.cap),
            jump.offset.eq(imm),
            jump.rd.eq(c.rd),
            jump.rs1.eq(c.rs1),
            jump.following.eq(following),
            jump.pcc.eq(pcc),
            jump.mie.eq(csrs.mie),
        ]

        # System registers
        privileged = grants(pcc.cap.meta.perms, "SR")
        number = x.insn[FIELDS["csr"].pieces[0].lsb :]
        source = Mux(c.csr_immediate, b.cap.address, a.cap.address)
        m.d.comb += [csrs.number.eq(number), csrs.wdata.eq(source)]
        with m.If(is_op(c, Unit.CSR, "csrrs")):
            m.d.comb += csrs.wdata.eq(csrs.rdata | source)
        with m.Elif(is_op(c, Unit.CSR, "csrrc")):
            m.d.comb += csrs.wdata.eq(csrs.rdata & ~source)
        m.d.comb += [scrs.number.eq(number), scrs.wdata.eq(a)]

        # Loads and stores
        second, first_answered, first_failed = self.second, Signal(), Signal()
        store_tag = Signal()
        m.d.comb += [
            check.authority.eq(a),
            check.address.eq(effective),
            check.size.eq(c.size),
            check.store.eq(unit[Unit.STORE]),
            check.value_tag.eq(b.cap.tag),
            store_tag.eq(b.cap.tag & (grants(a.cap.meta.perms, "SL") | grants(b.cap.meta.perms, "GL"))),
            aligner.address.eq(effective),
            aligner.size.eq(c.size),
            aligner.write.eq(unit[Unit.STORE]),
            aligner.second.eq(second),
            aligner.value.eq(b.cap),
            aligner.tag.eq(store_tag & unit[Unit.STORE] & (c.size == Size.CAP)),
            self.request.eq(aligner.request),
        ]

        # Accesses to memory that is still to be zeroed wait, and ZTOPC is used while its engine stands still
        not_zeroed, zeroing = Signal(), Signal()
        if self.zeroiser:
            uses_ztopc = unit[Unit.SCR] & (scrs.number == SCRS[ZTOPC])
            m.d.comb += [
                self.zeroiser.stop.eq(self.valid & uses_ztopc),
                self.zeroiser.keep.eq(second),
                self.zeroiser.splits.eq(aligner.splits),
                not_zeroed.eq(self.zeroiser.covers & ~second),
                zeroing.eq(uses_ztopc & self.zeroiser.busy),
            ]

        # What can go wrong, first things first
        exception, cause, mtval = Signal(), Signal(6), Signal(32)
        fault_of_rs1 = c.rs1 << CAP_INDEX

        def trap(condition, code, value=0):
            with m.Elif(condition):
                m.d.comb += [exception.eq(1), cause.eq(code), mtval.eq(value)]

        with m.If(Const(0)):
            pass
        trap(x.fault == Fault.PCC_TAG, Cause.CHERI, special(CapFault.TAG))
        trap(x.fault == Fault.PCC_BOUNDS, Cause.CHERI, special(CapFault.BOUNDS))
        trap(x.fault == Fault.FETCH_FIRST, Cause.FETCH_ACCESS, x.pc)
        trap(x.fault == Fault.FETCH_SECOND, Cause.FETCH_ACCESS, x.pc + 2)
        trap(x.fault == Fault.ILLEGAL, Cause.ILLEGAL)
        trap(unit[Unit.CSR] & (~csrs.exists | (c.csr_writes & csrs.read_only)), Cause.ILLEGAL)
        trap(
            unit[Unit.CSR] & ~privileged & (c.csr_writes | ~csrs.free),
            Cause.CHERI,
            special(CapFault.SYSTEM_REGISTERS),
        )
        trap(unit[Unit.SCR] & ~scrs.exists, Cause.ILLEGAL)
        trap(
            unit[Unit.SCR] & ~privileged,
            Cause.CHERI,
            special(CapFault.SYSTEM_REGISTERS) | (scrs.number << CAP_INDEX),
        )
        trap(
            is_op(c, Unit.SYSTEM, "mret") & ~privileged, Cause.CHERI, special(CapFault.SYSTEM_REGISTERS)
        )
        trap(is_op(c, Unit.SYSTEM, "ecall"), Cause.ECALL)
        trap(is_op(c, Unit.SYSTEM, "ebreak"), Cause.BREAKPOINT, x.pc)
        trap(cjalr & (jump.fault != CapFault.NONE), Cause.CHERI, fault_of_rs1 | jump.fault)
        trap(memory & (check.fault != CapFault.NONE), Cause.CHERI, fault_of_rs1 | check.fault)
        is_store = unit[Unit.STORE]
        trap(
            memory & check.misaligned,
            Mux(is_store, Cause.STORE_MISALIGNED, Cause.LOAD_MISALIGNED),
            effective,
        )
        refused = Signal()
        trap(refused, Mux(is_store, Cause.STORE_ACCESS, Cause.LOAD_ACCESS), effective)
        first_arrives = second & self.answered & ~first_answered
        m.d.comb += refused.eq(first_failed | (first_arrives & self.response.error))

        # Interrupts come before the instruction, unless it has begun something that cannot be undone
        begun, interrupt = Signal(), Signal()
        m.d.comb += interrupt.eq(csrs.interrupt & ~begun & ~second)

        # Memory requests
        wants = memory & ~exception & ~interrupt & ~not_zeroed & (~second | first_answered | first_arrives)
        accepted = Signal()
        m.d.comb += [
            self.request_valid.eq(self.valid & self.clear & wants),
            accepted.eq(self.request_valid & self.request_ready),
        ]
        with m.If(accepted & aligner.splits & ~second):
            m.d.sync += second.eq(1)
        with m.If(first_arrives):
            m.d.sync += [first_answered.eq(1), first_failed.eq(self.response.error), self.first.eq(self.response.data)]

        # Leaving
        wfi = is_op(c, Unit.SYSTEM, "wfi")
        waits = Signal()
        m.d.comb += waits.eq(
            (memory & (~accepted | (aligner.splits & ~second)))
            | (unit[Unit.MULDIV] & ~muldiv.done)
            | (unit[Unit.CSR] & csrs.drain & ~self.memory_empty)
            | (wfi & ~csrs.wake)
            | unexpanded
            | zeroing
        )
        retires, traps = Signal(), Signal()
        m.d.comb += [
            traps.eq(self.valid & self.clear & (exception | interrupt)),
            retires.eq(self.valid & self.clear & ~exception & ~interrupt & ~waits),
            self.leave.eq(traps | retires),
            self.sleeping.eq(self.valid & self.clear & wfi & ~exception & ~interrupt & ~csrs.wake),
            muldiv.start.eq(self.valid & unit[Unit.MULDIV] & (x.fault == Fault.NONE)),
            muldiv.leave.eq(self.cancel | self.leave),
        ]
        with m.If(self.sleeping):
            m.d.sync += begun.eq(1)
        with m.If(self.valid & ~self.leave):
            m.d.sync += [
                x.a.cap.tag.eq(a.cap.tag),
                x.b.cap.tag.eq(b.cap.tag),
                x.a_filtered.eq(0),
                x.b_filtered.eq(0),
            ]
            with m.If(x.b_late & self.clear):
                m.d.sync += [x.b.eq(b), x.b_late.eq(0)]
            with m.If(unexpanded & self.decoder_free):
                with m.If(missing_a):
                    m.d.sync += [decoded[0].eq(1), x.a.base.eq(self.base), x.a.top.eq(self.top)]
                with m.Else():
                    m.d.sync += [decoded[1].eq(1), x.b.base.eq(self.base), x.b.top.eq(self.top)]
        with m.If(self.leave | self.cancel):
            m.d.sync += [self.valid.eq(0), begun.eq(0), second.eq(0), first_answered.eq(0), first_failed.eq(0)]
            m.d.sync += decoded.eq(0)
        with m.If(self.enter):
            m.d.sync += [self.valid.eq(1), x.eq(self.entry)]

        # Effects on system state
        epcc = Signal(Expanded)
        m.d.comb += [
            csrs.write.eq(retires & unit[Unit.CSR] & c.csr_writes),
            csrs.mret.eq(retires & is_op(c, Unit.SYSTEM, "mret")),
            csrs.posture.eq(retires & cjalr & jump.posture),
            csrs.posture_mie.eq(jump.posture_mie),
            csrs.trap.eq(traps | self.cancel),
            csrs.cause.eq(Mux(self.cancel, self.fault_cause, Mux(interrupt, csrs.interrupt_cause, cause))),
            csrs.mtval.eq(Mux(self.cancel, self.fault_address, Mux(interrupt, 0, mtval))),
            scrs.write.eq(retires & unit[Unit.SCR] & (c.rs1 != 0)),
            scrs.trap.eq(csrs.trap),
            scrs.mret.eq(csrs.mret),
            scrs.jump.eq(retires & cjalr),
            scrs.target.eq(a),
            epcc.eq(pcc),
            epcc.cap.address.eq(Mux(self.cancel, self.fault_pc, x.pc)),
            scrs.epcc.eq(epcc),
        ]
        with m.If(~self.cancel & (x.fault == Fault.PCC_BOUNDS)):
            # Decode has made this an increment of PCC by 0, so that `capunit` tells whether pc is representable.
            m.d.comb += scrs.epcc.cap.tag.eq(interrupt & capunit.result.cap.tag)

        # Where to go on
        mispredicted = unit[Unit.BRANCH] & (taken != x.predicted)
        mret, fence = csrs.mret, is_op(c, Unit.SYSTEM, "fence_i")
        m.d.comb += [
            self.redirect.eq(csrs.trap | (retires & (mispredicted | cjalr | fence)) | mret),
            self.learn.eq(retires & unit[Unit.BRANCH]),
            self.correct.eq(taken == x.backward),
        ]
        with m.If(csrs.trap):
            m.d.comb += self.address.eq(scrs.mtcc.cap.address)
        with m.Elif(is_op(c, Unit.SYSTEM, "mret")):
            m.d.comb += self.address.eq(scrs.mepcc.cap.address)
        with m.Elif(unit[Unit.JUMP]):
            m.d.comb += self.address.eq(effective & ~1)
        with m.Elif(unit[Unit.BRANCH]):
            m.d.comb += self.address.eq(Mux(x.predicted, following, x.target))
        with m.Else():
            m.d.comb += self.address.eq(following)

        # The result
        out = self.result
        m.d.comb += [
            self.loads.eq(unit[Unit.LOAD]),
            out.pc.eq(x.pc),
            out.trapped.eq(traps),
            out.rd.eq(Mux(traps, 0, c.rd)),
            out.load.eq(unit[Unit.LOAD] & ~traps),
            out.store.eq(is_store & ~traps),
            out.size.eq(c.size),
            out.signed.eq(c.signed),
            out.split.eq(second),
            out.address.eq(effective),
            *(out.permissions[name].eq(grants(a.cap.meta.perms, name)) for name in ("MC", "LG", "LM")),
            out.counts.eq(csrs.counting & ~traps & ~(unit[Unit.CSR] & c.csr_writes & csrs.is_minstret)),
        ]
        with m.If(unit[Unit.CAP]):
            m.d.comb += out.value.eq(capunit.result)
        with m.Elif(unit[Unit.JUMP]):
            m.d.comb += out.value.eq(jump.link)
        with m.Elif(unit[Unit.SCR]):
            m.d.comb += out.value.eq(scrs.rdata)
        with m.Elif(unit[Unit.MULDIV]):
            m.d.comb += out.value.cap.address.eq(muldiv.result)
        with m.Elif(unit[Unit.CSR]):
            m.d.comb += out.value.cap.address.eq(csrs.rdata)
        if self.config.has_bit_manipulation:
            with m.Elif(unit[Unit.BITS]):
                m.d.comb += out.value.cap.address.eq(bits.result)
        with m.Else():
            m.d.comb += out.value.cap.address.eq(alu.result)

        if self.config.trace:
            m.submodules.tracer = tracer = Tracer(csrs, scrs)
            m.d.comb += [
                tracer.clock.eq(self.clock),
                tracer.x.eq(x),
                tracer.a.eq(a),
                tracer.b.eq(b),
                tracer.result.eq(out),
                tracer.interrupt.eq(interrupt),
                tracer.taken.eq(taken),
                tracer.following.eq(following),
                tracer.redirect.eq(self.redirect),
                tracer.address.eq(self.address),
                tracer.store_tag.eq(store_tag),
                self.trace.eq(tracer.trace),
            ]
        return m
