"""An example: a cocotb test of one's own, with the Verilog that `cheriot verilog` writes and nothing else of this
project. It puts a flat binary into RAM, waits for the program's exit and looks at what the UART sent.
"""

import os
from pathlib import Path

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def program_says_hi(dut):
    for name in ("interrupts", "uart__received_valid", "uart__received", "gpio__input"):
        dut[name].value = 0
    dut.rst.value = 1
    Clock(dut.clk, 40, unit="ns").start()
    await ClockCycles(dut.clk, 2)
    image = Path(os.environ["IMAGE"]).read_bytes()
    for line, at in enumerate(range(0, len(image), 8)):
        dut.uncore.ram.memory[line].value = int.from_bytes(image[at : at + 8], "little")
    dut.rst.value = 0

    sent = ""
    while not dut.simctl__exit_valid.value:
        await RisingEdge(dut.clk)
        if dut.uart__sent_valid.value:
            sent += chr(dut.uart__sent.value.to_unsigned())
    assert (sent, dut.simctl__exit_code.value.to_unsigned()) == ("hi", 0)
