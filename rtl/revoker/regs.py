"""The registers of the background revoker, laid out as on CHERIoT-SAFE."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.bus.block import BlockSignature
from rtl.bus.port import LINE
from rtl.bus.registers import Registers
from rtl.revoker.sweep import ControlSignature

SIZE = 0x1000
START, END, GO, EPOCH, STATUS, ENABLE, FAILED = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x14, 0x18
IDENTITY = 0x5500_0000
"""What GO reads; software looks for the upper half."""


class RevokerRegisters(wiring.Component):
    """START and END of the next sweep; any write to GO starts it, unless one is running; EPOCH is read only.

    `interrupt` is high for one cycle when a sweep is complete, if ENABLE is set. STATUS says that one has been
    completed, but reads zero while ENABLE is set; any write clears it. FAILED is for debugging: bit 0 says that the
    last sweep has met addresses without memory.
    """

    port: In(BlockSignature(SIZE // LINE))
    control: Out(ControlSignature())
    interrupt: Out(1)

    def elaborate(self, platform):
        m = Module()
        registers, control = Registers(m, self.port), self.control
        enable, status, finished = Signal(), Signal(), Signal()
        for offset, value in (
            (START, control.start),
            (END, control.end),
            (GO, IDENTITY),
            (EPOCH, control.epoch),
            (STATUS, Mux(enable, 0, status)),
            (ENABLE, enable),
            (FAILED, control.failed),
        ):
            registers.show(offset, value)
        for offset, register in ((START, control.start), (END, control.end)):
            with m.If(registers.stored(offset)):
                m.d.sync += register.eq(registers.merged(offset, register))
        with m.If(registers.written(ENABLE)):
            m.d.sync += enable.eq(registers.value(ENABLE)[0])
        with m.If(control.finished):
            m.d.sync += status.eq(1)
        with m.Elif(registers.stored(STATUS)):
            m.d.sync += status.eq(0)
        m.d.comb += [control.go.eq(registers.stored(GO)), self.interrupt.eq(finished & enable)]
        m.d.sync += finished.eq(control.finished)
        return m
