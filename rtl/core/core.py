"""The core: decode, execute, memory and write-back behind the prefetcher. Wiring, hazards and forwarding."""

from amaranth.hdl import Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from rtl.bus.port import LookupSignature, MemorySignature
from rtl.cap.layout import Expanded
from rtl.config import CoreConfig
from rtl.core.control import Fault, Size, ToExecute, ToWriteback, Trace
from rtl.core.csrfile import CsrFile, Lines
from rtl.core.decoder import Decoder, Expander
from rtl.core.execute import Execute
from rtl.core.fetch import Fetch
from rtl.core.memory import MemoryStage
from rtl.core.operations import operation_names
from rtl.core.predict import Predictor
from rtl.core.regfile import RegisterFile
from rtl.core.retire import COMMIT_BITS, Retire
from rtl.core.scrfile import SpecialRegisters
from rtl.core.zeroiser import ZeroingSignature, Zeroiser
from rtl.isa.commit import CLOCK_BITS
from rtl.isa.table import REGISTERS, Unit
from rtl.isa.trap import Cause


class Core(wiring.Component):
    """One CHERIoT hart. With `config.trace`, `commit` and `commit_valid` carry the records of `rtl.isa.commit`.

    `lockup`: the trap handler cannot be fetched, so the core takes the same trap for ever (DEC-13). `sleeping`:
    waiting in wfi. `second`: between the two requests of an access that crosses a line.
    """

    def __init__(self, config: CoreConfig):
        self.config = config
        self.csrs = CsrFile(config.misa)
        self.zeroiser = Zeroiser() if config.zeroiser else None
        self.scrs = SpecialRegisters(config.mtcc_reset, config.mepcc_reset, self.zeroiser)
        self.fetcher = Fetch(config.boot_address)
        self.predictor = Predictor(config.predictor_entries)
        self.expander = Expander()
        self.decoder = Decoder(config.extensions)
        self.registers = RegisterFile()
        self.execute = Execute(config, self.csrs, self.scrs, self.zeroiser)
        self.memory = MemoryStage(self.csrs)
        ports = {
            "fetch": Out(MemorySignature()),
            "data": Out(MemorySignature()),
            "lookup": Out(LookupSignature()),
            "second": Out(1),
            "interrupts": In(Lines),
            "lockup": Out(1),
            "sleeping": Out(1),
        }
        if config.trace:
            self.retire = Retire(self.csrs, self.scrs)
            ports |= {"commit_valid": Out(1), "commit": Out(COMMIT_BITS)}
            if config.zeroiser:
                ports["zeroing"] = Out(ZeroingSignature())
        super().__init__(ports)

    def elaborate(self, platform):
        m = Module()
        csrs, scrs, fetch, execute, memory = self.csrs, self.scrs, self.fetcher, self.execute, self.memory
        m.submodules.csrs = csrs
        m.submodules.scrs = scrs
        m.submodules.fetch = fetch
        m.submodules.predictor = predictor = self.predictor
        m.submodules.expander = expander = self.expander
        m.submodules.decoder = decoder = self.decoder
        m.submodules.registers = registers = self.registers
        m.submodules.execute = execute
        m.submodules.memory = memory
        connect(m, fetch.bus, flipped(self.fetch))
        connect(m, memory.lookup, flipped(self.lookup))
        port = self.data
        if self.zeroiser:
            m.submodules.zeroiser = self.zeroiser
            connect(m, self.zeroiser.bus, flipped(self.data))
            port = self.zeroiser.core
            if self.config.trace:
                connect(m, self.zeroiser.record, flipped(self.zeroing))
        m.d.comb += [csrs.lines.eq(self.interrupts), self.sleeping.eq(execute.sleeping), self.second.eq(execute.second)]

        # After reset, NULL goes into every register before the first instruction
        scrub = Signal(range(REGISTERS + 1))
        scrubbing = scrub != REGISTERS
        with m.If(scrubbing):
            m.d.sync += scrub.eq(scrub + 1)

        # Write-back
        w, w_valid, w_value = Signal(ToWriteback), Signal(), Signal(Expanded)
        m.d.sync += [w.eq(memory.result), w_valid.eq(memory.done)]
        m.d.comb += [
            w_value.eq(w.value),
            w_value.cap.tag.eq(w.value.cap.tag & ~(w.filtered & self.lookup.revoked)),
            registers.write.eq(scrubbing | (w_valid & (w.rd != 0))),
            registers.rd.eq(Mux(scrubbing, scrub, w.rd)),
            registers.value.eq(Mux(scrubbing, 0, w_value)),
        ]

        # Decode
        pcc, pc = scrs.pcc, fetch.pc
        d = Signal(ToExecute)
        m.d.comb += [
            expander.half.eq(fetch.word),
            decoder.word.eq(Mux(fetch.compressed, expander.word, fetch.word)),
            predictor.pc.eq(pc),
            predictor.word.eq(fetch.word),
            predictor.compressed.eq(fetch.compressed),
        ]
        room = Signal(34)
        first_fits, second_fits, early = Signal(), Signal(), Signal()
        m.d.comb += [
            room.eq(pcc.top - pc),  # negative when pc is beyond the top
            first_fits.eq((pc >= pcc.base) & ~room[33] & (room[1:33] != 0)),
            second_fits.eq(Mux(pc == 0xFFFF_FFFE, pcc.base == 0, room[2:33] != 0)),
            early.eq(~pcc.cap.tag | ~first_fits),
        ]
        fault = Signal(Fault)
        stuck = Signal()  # nothing that follows in line can be fetched
        legal = decoder.control.legal & (~fetch.compressed | expander.legal)
        with m.If(~pcc.cap.tag):
            m.d.comb += fault.eq(Fault.PCC_TAG)
        with m.Elif(~first_fits):
            m.d.comb += fault.eq(Fault.PCC_BOUNDS)
        with m.Elif(fetch.first_error):
            m.d.comb += fault.eq(Fault.FETCH_FIRST)
        with m.Elif(~fetch.compressed & ~second_fits):
            m.d.comb += fault.eq(Fault.PCC_BOUNDS)
        with m.Elif(fetch.second_error):
            m.d.comb += fault.eq(Fault.FETCH_SECOND)
        with m.Elif(~legal):
            m.d.comb += fault.eq(Fault.ILLEGAL)
        m.d.comb += stuck.eq((fault != Fault.NONE) & (fault != Fault.ILLEGAL))

        m.d.comb += [
            registers.rs1.eq(decoder.control.rs1),
            registers.rs2.eq(decoder.control.rs2),
            d.pc.eq(pc),
            d.insn.eq(fetch.word),
            d.compressed.eq(fetch.compressed),
            d.fault.eq(fault),
            d.control.eq(decoder.control),
            d.predicted.eq(predictor.taken & (decoder.control.unit == Unit.BRANCH)),
            d.target.eq(predictor.target),
            d.backward.eq(predictor.backward),
            d.counter.eq(predictor.counter),
        ]
        late = Signal()  # an operand is still on its way from memory
        # A scalar that is loaded only to be stored need not be waited for: they meet in the memory stage.
        passes_on = Signal()
        m.d.comb += passes_on.eq(
            (d.control.unit == Unit.STORE) & (d.control.size != Size.CAP) & (execute.x.control.size != Size.CAP)
        )
        for number, read, operand, filtered, passes in (
            (d.control.rs1, registers.a, d.a, d.a_filtered, Const(0)),
            (d.control.rs2, registers.b, d.b, d.b_filtered, passes_on),
        ):
            in_execute = execute.valid & (execute.x.control.rd == number) & (number != 0)
            in_memory = memory.valid & (memory.rd == number) & (number != 0)
            in_writeback = w_valid & (w.rd == number) & (number != 0)
            m.d.comb += operand.eq(read)
            with m.If(in_execute):
                m.d.comb += operand.eq(execute.result.value)
                with m.If(execute.loads & passes):
                    m.d.comb += d.b_late.eq(1)
                with m.Elif(execute.loads):
                    m.d.comb += late.eq(1)
            with m.Elif(in_memory):
                m.d.comb += [operand.eq(memory.result.value), filtered.eq(memory.result.filtered)]
                with m.If(~memory.done):
                    m.d.comb += late.eq(1)
            with m.Elif(in_writeback):
                m.d.comb += operand.eq(w_value)
        with m.If(d.control.from_pcc):
            m.d.comb += [d.a.eq(pcc), d.a.cap.address.eq(pc)]
        with m.If(d.control.use_imm):
            m.d.comb += [d.b.eq(0), d.b.cap.address.eq(d.control.imm), d.b_filtered.eq(0)]
        with m.If(fault == Fault.PCC_BOUNDS):
            # An interrupt may be taken here, and asks whether pc is representable: PCC incremented by 0.
            m.d.comb += [
                d.control.unit.eq(Unit.CAP),
                d.control.op.eq(operation_names(Unit.CAP).index("incaddr")),
                d.a.eq(pcc),
                d.a.cap.address.eq(pc),
                d.a_filtered.eq(0),
                d.b.eq(0),
                d.b_filtered.eq(0),
            ]

        dead, go = Signal(), Signal()  # decode has passed on its last instruction before a redirection
        m.d.comb += [
            go.eq(
                ~scrubbing
                & ~dead
                & (early | fetch.ready)
                & ~(late & ~stuck)
                & (~execute.valid | execute.leave)
                & ~execute.redirect
            ),
            fetch.consume.eq(go & ~stuck),
            fetch.taken.eq(predictor.taken),
            fetch.target.eq(predictor.target),
            fetch.redirect.eq(execute.redirect),
            fetch.address.eq(execute.address),
        ]
        with m.If(execute.redirect):
            m.d.sync += dead.eq(0)
        with m.Elif(go & stuck):
            m.d.sync += dead.eq(1)

        # Execute and memory
        m.d.comb += [
            execute.enter.eq(go),
            execute.entry.eq(d),
            execute.clear.eq(~memory.valid | (memory.done & ~memory.fault)),
            execute.cancel.eq(memory.fault),
            execute.memory_empty.eq(~memory.valid),
            execute.verdict.eq(self.lookup.revoked),
            execute.loaded.eq(memory.result.value.cap.address),
            execute.fault_pc.eq(memory.x.pc),
            execute.fault_cause.eq(Mux(memory.x.store, Cause.STORE_ACCESS, Cause.LOAD_ACCESS)),
            execute.fault_address.eq(memory.x.address),
            execute.decoder_free.eq(memory.decoder_free),
            execute.base.eq(memory.base),
            execute.top.eq(memory.top),
            execute.answered.eq(port.answered),
            execute.response.eq(port.response),
            execute.request_ready.eq(port.ready),
            port.valid.eq(execute.request_valid),
            port.request.eq(execute.request),
            memory.enter.eq(execute.leave),
            memory.entry.eq(execute.result),
            memory.first.eq(execute.first),
            memory.answered.eq(port.answered),
            memory.response.eq(port.response),
            memory.expand.eq(execute.expand),
            predictor.learn.eq(execute.learn),
            predictor.learn_pc.eq(execute.x.pc),
            predictor.old.eq(execute.x.counter),
            predictor.correct.eq(execute.correct),
        ]

        # Two fetch faults in a row: the handler itself cannot be fetched
        fetch_fault, failed_before = Signal(), Signal()
        m.d.comb += fetch_fault.eq(
            (execute.x.fault == Fault.PCC_TAG) | (execute.x.fault == Fault.PCC_BOUNDS)
        )
        with m.If(execute.leave):
            m.d.sync += failed_before.eq(execute.result.trapped & fetch_fault)
            with m.If(execute.result.trapped & fetch_fault & failed_before):
                m.d.sync += self.lockup.eq(1)

        if self.config.trace:
            clock = Signal(CLOCK_BITS)
            m.d.sync += clock.eq(clock + 1)
            m.submodules.retire = retire = self.retire
            traced = [Signal(Trace, name=f"trace_{stage}") for stage in ("memory", "writeback")]
            with m.If(memory.enter):
                m.d.sync += traced[0].eq(execute.trace)
            m.d.sync += traced[1].eq(traced[0])
            m.d.comb += [
                execute.clock.eq(clock),
                retire.valid.eq(w_valid),
                retire.entry.eq(w),
                retire.trace.eq(traced[1]),
                retire.value.eq(w_value.cap),
                self.commit_valid.eq(retire.commit_valid),
                self.commit.eq(retire.commit),
            ]
        return m
