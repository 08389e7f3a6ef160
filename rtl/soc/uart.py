"""16550-style serial port with registers 4 bytes apart, as on CHERIoT-SAFE."""

from amaranth.hdl import C, Cat, Module, Mux, ResetInserter, Signal
from amaranth.lib import wiring
from amaranth.lib.fifo import SyncFIFO
from amaranth.lib.wiring import In, Out

from rtl.bus.block import BlockSignature
from rtl.bus.port import LINE
from rtl.bus.registers import Registers
from rtl.soc.serial import Receiver, Transmitter

SIZE = 0x100
FIFO_DEPTH = 16
DATA, INTERRUPT_ENABLE, FIFO_CONTROL, LINE_CONTROL = 0x00, 0x04, 0x08, 0x0C
MODEM_CONTROL, LINE_STATUS, SCRATCH, FRACTION = 0x10, 0x14, 0x1C, 0x24


class Uart(wiring.Component):
    """With `serial`, bytes leave and enter on real lines; without, on the taps only.

    `console.sent_valid` shows each byte in the cycle after its store was accepted. A store to the data register while
    the divisor latch is selected is not output.

    Without `serial` every byte is sent at once. `console.received` is pushed into the receive FIFO (16 bytes); a byte
    pushed in the cycle of a FIFO clear is lost.

    With `serial`, `hold` is high while the transmit FIFO is full: no request may come then, so that software
    that never polls loses nothing. Bytes that arrive at a full receive FIFO are lost, and line status says so. A bit
    takes 16 * divisor + fraction clock cycles; the format is eight bits, no parity, one stop bit.

    Registers are one byte wide. The one for the fraction exists with `serial` only.
    """

    def __init__(self, *, serial: bool = False):
        self.serial = serial
        if serial:
            lines = {"transmit": Out(1, init=1), "receive": In(1, init=1)}
        else:
            lines = {"received_valid": In(1), "received_ready": Out(1), "received": In(8)}
        console = wiring.Signature({"sent_valid": Out(1), "sent": Out(8), **lines})
        super().__init__(
            {
                "port": In(BlockSignature(SIZE // LINE)),
                "interrupt": Out(1),
                "hold": Out(1),
                "console": Out(console),
            }
        )

    def elaborate(self, platform):
        m = Module()
        registers, console = Registers(m, self.port), self.console
        line_control, modem_control, scratch = Signal(8), Signal(5), Signal(8)
        interrupt_enable, fifo_enable = Signal(4), Signal()
        divisor, fraction = Signal(16), Signal(4)
        latch = line_control[7]  # DLAB: the first two registers are the divisor

        clear_received = registers.written(FIFO_CONTROL) & registers.value(FIFO_CONTROL)[1]
        clear_sending = registers.written(FIFO_CONTROL) & registers.value(FIFO_CONTROL)[2]
        m.submodules.incoming = incoming = ResetInserter(clear_received)(SyncFIFO(width=8, depth=FIFO_DEPTH))
        send = registers.written(DATA) & ~latch
        m.d.comb += incoming.r_en.eq(registers.read(DATA) & ~latch)
        m.d.sync += [console.sent_valid.eq(send), console.sent.eq(registers.value(DATA))]

        empty, idle, overrun, broken = (Signal(name=name) for name in ("empty", "idle", "overrun", "broken"))
        if self.serial:
            m.submodules.outgoing = outgoing = ResetInserter(clear_sending)(SyncFIFO(width=8, depth=FIFO_DEPTH))
            m.submodules.transmitter = transmitter = Transmitter()
            m.submodules.receiver = receiver = Receiver()
            period = Cat(fraction, divisor)
            m.d.comb += [
                outgoing.w_data.eq(registers.value(DATA)),
                outgoing.w_en.eq(send),
                transmitter.bytes.payload.eq(outgoing.r_data),
                transmitter.bytes.valid.eq(outgoing.r_rdy),
                outgoing.r_en.eq(transmitter.bytes.ready),
                transmitter.period.eq(period),
                console.transmit.eq(transmitter.line),
                self.hold.eq(~outgoing.w_rdy),
                empty.eq(~outgoing.r_rdy),
                idle.eq(empty & transmitter.bytes.ready),
                receiver.line.eq(console.receive),
                receiver.period.eq(period),
                incoming.w_data.eq(receiver.byte),
                incoming.w_en.eq(receiver.valid),
            ]
            with m.If(registers.read(LINE_STATUS)):
                m.d.sync += [overrun.eq(0), broken.eq(0)]
            with m.If(receiver.valid):
                with m.If(~incoming.w_rdy):
                    m.d.sync += overrun.eq(1)
                with m.If(receiver.broken):
                    m.d.sync += broken.eq(1)
        else:
            m.d.comb += [
                incoming.w_data.eq(console.received),
                incoming.w_en.eq(console.received_valid),
                console.received_ready.eq(incoming.w_rdy),
                empty.eq(1),
                idle.eq(1),
            ]

        received, line_error = incoming.r_rdy, overrun | broken
        causes = (received, empty, line_error)  # and modem status, which never changes
        pending = [interrupt_enable[bit] & cause for bit, cause in enumerate(causes)]
        identification = Mux(pending[2], 0b110, Mux(pending[0], 0b100, Mux(pending[1], 0b010, 0b001)))
        m.d.comb += self.interrupt.eq(Cat(pending).any())

        with m.If(latch):
            registers.show(DATA, divisor[:8])
            registers.show(INTERRUPT_ENABLE, divisor[8:])
        with m.Else():
            registers.show(DATA, Mux(received, incoming.r_data, 0))
            registers.show(INTERRUPT_ENABLE, interrupt_enable)
        registers.show(FIFO_CONTROL, Cat(identification, C(0, 3), fifo_enable.replicate(2)))
        registers.show(LINE_CONTROL, line_control)
        registers.show(MODEM_CONTROL, modem_control)
        registers.show(LINE_STATUS, Cat(received, overrun, C(0, 1), broken, C(0, 1), empty, idle))
        registers.show(SCRATCH, scratch)
        if self.serial:
            registers.show(FRACTION, fraction)
            with m.If(registers.written(FRACTION)):
                m.d.sync += fraction.eq(registers.value(FRACTION))

        with m.If(registers.written(DATA) & latch):
            m.d.sync += divisor[:8].eq(registers.value(DATA))
        with m.If(registers.written(INTERRUPT_ENABLE)):
            with m.If(latch):
                m.d.sync += divisor[8:].eq(registers.value(INTERRUPT_ENABLE))
            with m.Else():
                m.d.sync += interrupt_enable.eq(registers.value(INTERRUPT_ENABLE))
        for offset, register in (
            (FIFO_CONTROL, fifo_enable),
            (LINE_CONTROL, line_control),
            (MODEM_CONTROL, modem_control),
            (SCRATCH, scratch),
        ):
            with m.If(registers.written(offset)):
                m.d.sync += register.eq(registers.value(offset))
        return m
