"""General-purpose pins with the register layout of CHERIoT-SAFE's first GPIO block."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from rtl.bus.block import BlockSignature
from rtl.bus.port import LINE
from rtl.bus.registers import Registers

SIZE = 0x800
INPUT, OUTPUT, OUTPUT_ENABLE = 0x0, 0x4, 0x8
PinsSignature = wiring.Signature({"input": In(32), "output": Out(32), "output_enable": Out(32)})
"""Seen from the block; `input` may change at any time."""


class Gpio(wiring.Component):
    """INPUT reads the pins as they were two cycles ago; OUTPUT and OUTPUT_ENABLE are what they read."""

    port: In(BlockSignature(SIZE // LINE))
    pins: Out(PinsSignature)

    def elaborate(self, platform):
        m = Module()
        registers, pins = Registers(m, self.port), self.pins
        sampled = Signal(32)
        m.submodules.synchronizer = FFSynchronizer(pins.input, sampled)
        registers.show(INPUT, sampled)
        for offset, register in ((OUTPUT, pins.output), (OUTPUT_ENABLE, pins.output_enable)):
            registers.show(offset, register)
            with m.If(registers.stored(offset)):
                m.d.sync += register.eq(registers.merged(offset, register))
        return m
