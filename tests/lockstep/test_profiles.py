"""A small program on every profile, in lockstep: its devices where they are said to be, and its way to end."""

from dataclasses import replace

import pytest

from cosim.image import linked_program
from cosim.run import Verdict, Watch, run_model, run_rtl
from cosim.simulator import Simulator
from cosim.soc_design import build_soc
from cosim.soc_state import settling
from cosim.toolchain.cc.driver import build
from rtl.config import PROFILES
from rtos_model.machine.platform import FAREWELL

CHARACTER = 160
"""Cycles that one takes on the line, with a divisor of 1."""
SETUP = """
  cspecialr ca5, mtdc
  li   t0, PLATFORM_UART
  csetaddr ctp, ca5, t0
  li   t0, PLATFORM_TIMER
  csetaddr cs1, ca5, t0
  cj   start

send:                                 # the character in a0, when there is room
  lw   t1, UART_LINE_STATUS(ctp)
  andi t1, t1, UART_SENDABLE
  beqz t1, send
  sw   a0, UART_DATA(ctp)
  cret

start:
  sw   zero, UART_INTERRUPTS(ctp)     # as the driver of CHERIoT RTOS does
  li   t0, UART_DLAB + UART_8N1
  sw   t0, UART_LINE_CONTROL(ctp)
  li   t0, 1
  sw   t0, UART_DIVISOR_LOW(ctp)
  sw   zero, UART_DIVISOR_HIGH(ctp)
  li   t0, UART_8N1
  sw   t0, UART_LINE_CONTROL(ctp)
  li   t0, 1
  sw   t0, UART_FIFO_CONTROL(ctp)
"""
TEXT = "0123456789 more than the FIFO has room for\n"
SAY = "".join(f"  li a0, {ord(letter)}\n  cjal send\n" for letter in TEXT)
TICK = """
  lw   a2, {mtime}(cs1)               # the timer goes on, at its pace
  csrr a3, mcycle
1:
  lw   a0, {mtime}(cs1)
  beq  a0, a2, 1b
  lw   a2, {mtime}(cs1)
2:
  lw   a0, {mtime}(cs1)
  beq  a0, a2, 2b
  csrr a1, mcycle
  li   t0, PLATFORM_RAM_END - 16      # tags in memory, to the end of it
  csetaddr ca0, ca5, t0
  csc  ca5, 8(ca0)
  clc  ca1, 8(ca0)
  li   t0, PLATFORM_BITMAP
  csetaddr ca0, ca5, t0
  li   t0, 1
  sw   t0, 0(ca0)
  li   t0, PLATFORM_HEAP
  csetaddr ca2, ca5, t0
  csetbounds ca2, ca2, 8              # to memory that is painted, from behind it
  li   t0, PLATFORM_HEAP_END - 16
  csetaddr ca0, ca5, t0
  csc  ca2, 0(ca0)
  clc  ca2, 0(ca0)
  cgettag a2, ca2
"""
AT_REST = """
3:
  cj   3b
"""
EXIT_BY_CONTROL = """
  li   t0, PLATFORM_SIMCTL
  csetaddr cgp, ca5, t0
  addi a2, a2, 5
  sw   a2, SIMCTL_EXIT(cgp)
"""
EXIT_BY_UART = "  addi a0, a2, 0x85\n  cjal send\n"
EXIT_BY_HOST = """
  lui  t0, %hi(tohost)
  addi t0, t0, %lo(tohost)
  csetaddr ca0, ca5, t0
  addi a2, a2, 5
  slli a2, a2, 1
  addi a2, a2, 1
  sw   a2, 0(ca0)
  sw   zero, 4(ca0)
"""
TOHOST = """
.data
.balign 8
.globl tohost
tohost:
  .zero 8
"""
ENDS = {"safe": EXIT_BY_UART, "sail": EXIT_BY_HOST, "fpga64": EXIT_BY_CONTROL, "fpga128": EXIT_BY_CONTROL}


def source(config):
    """Reads of mtime go through cs1, which points to it for a CLINT: it is too far for an offset."""
    text = SETUP
    if config.timer.layout == "clint":
        text += "  li t0, 0xbff8\n  cincaddr cs1, cs1, t0\n"
    tick = TICK.format(mtime=0 if config.timer.layout == "clint" else 0x10)
    return text + SAY + tick + ENDS[config.name] + AT_REST + (TOHOST if config.name == "sail" else "")


@pytest.fixture(params=[name for name in PROFILES if name != "bench"])
def config(request):
    """Of the profiles, all but the one that the benchmark kernels run on."""
    return PROFILES[request.param]


def check(result, config):
    assert result.difference is None, result.difference
    assert (result.verdict, result.program_code, result.console) == (Verdict.EXIT, 5, TEXT.encode())
    if config.timer.prescaler > 1:
        assert result.cycles > 2 * config.timer.prescaler


def test_on_the_golden_machine(assembled, config):
    check(run_model(config, assembled(source(config), config), max_cycles=100_000), config)


@pytest.mark.sim
def test_on_the_core(assembled, config, tmp_path):
    with Simulator(build_soc(config), tmp_path) as simulator:
        result = run_rtl(simulator, config, assembled(source(config), config), max_cycles=100_000)
        check(result, config)
        assert result.state_compared and result.checked == result.instructions
        if config.serial:
            assert result.cycles > CHARACTER * (len(TEXT) - 17), "real time on the line"
            serial_interrupts(simulator, config, assembled)
        if config.rom is None:
            trap = run_rtl(simulator, config, assembled("  ebreak\n", config), max_cycles=20_000)
            assert (trap.verdict, trap.code) == (Verdict.LOCKUP, 253), "nobody to report a trap to"


INTERRUPTS = (
    """
  cj   prologue
  .org 0x40
handler:
  lw   a4, 4(cs0)                     # claim
  lw   a3, UART_FIFO_CONTROL(ctp)     # who asks?
  lw   a3, UART_LINE_STATUS(ctp)
  addi a1, a1, 1
  li   a0, 'x'
  sw   a0, UART_DATA(ctp)             # the FIFO is not empty any more
  sw   a4, 4(cs0)
  lw   a3, UART_LINE_STATUS(ctp)
  mret
prologue:
"""
    + SETUP
    + """
  li   t0, PLATFORM_PLIC + 0x200000
  csetaddr cs0, ca5, t0
  li   t0, PLATFORM_PLIC
  csetaddr ca2, ca5, t0
  li   t1, 3
  sw   t1, 8(ca2)
  li   t0, PLATFORM_PLIC + 0x2000
  csetaddr ca2, ca5, t0
  li   t1, 4
  sw   t1, 0(ca2)
  sw   zero, 0(cs0)
  auipcc ct0, 0
  li   t1, PLATFORM_ENTRY + 0x40
  csetaddr ct0, ct0, t1
  cspecialw mtcc, ct0
  li   a1, 0
  li   t0, 2
  sw   t0, UART_INTERRUPTS(ctp)       # when there is nothing left to send
  li   t0, 0x800
  csrw mie, t0
  csrsi mstatus, 8
  li   t1, 6
4:
  addi a2, a2, 1
  blt  a1, t1, 4b
  sw   zero, UART_INTERRUPTS(ctp)
  li   t0, 3
  sw   t0, UART_LINE_STATUS(ctp)
  li   t0, 4
  li   a0, 'y'
  sw   a0, UART_DATA(ctp)
  sw   a0, UART_DATA(ctp)
  sw   t0, UART_FIFO_CONTROL(ctp)     # thrown away, but for what is on the line
5:
  lw   a3, UART_LINE_STATUS(ctp)
  andi a3, a3, 0x40
  beqz a3, 5b
  li   a2, 0
"""
    + EXIT_BY_CONTROL
    + AT_REST
)


def serial_interrupts(simulator, config, assembled):
    """The interrupt of an empty FIFO comes by itself, at the same time on both machines."""
    result = run_rtl(simulator, config, assembled(INTERRUPTS, config), max_cycles=100_000)
    assert result.difference is None, result.difference
    assert (result.code, result.console, result.state_compared) == (5, b"xxxxxxyy", True)
    assert result.cycles > settling(config) + 5 * CHARACTER


@pytest.mark.sim
def test_farewell_of_the_sonata_board(assembled, safe, tmp_path):
    """Ends with code 0, though its bytes have bit 7 set; a false start does not hide an exit code."""
    for text, code, console in (
        (b"Safe Safe to exit simulator." + FAREWELL[23:], 0, b"Safe Safe to exit simulator."),
        (b"Safe to exit simulator.\xd8\xaf\x83", 3, b"Safe to exit simulator."),
        (b"Safe to exit simulator\x84", 4, b"Safe to exit simulator"),
        (FAREWELL[:-1] + b"S" + FAREWELL, 0, b"Safe to exit simulator.SSafe to exit simulator."),
    ):
        say = "".join(f"  li a0, {byte}\n  sw a0, UART_DATA(ctp)\n" for byte in text)
        program = assembled(SETUP + say + AT_REST)
        for result in (run_rtl(safe, PROFILES["safe"], program), run_model(PROFILES["safe"], program)):
            assert result.difference is None and (result.program_code, result.console) == (code, console)


@pytest.mark.sim
def test_capabilities_in_an_image(assembled, safe):
    """Tags that a file brings are there from the first instruction on; one alone of a pair is none."""
    config = PROFILES["safe"]
    text = """
      auipcc ca0, 0
      clc  ca1, 16(ca0)
      clc  ca2, 24(ca0)
      cgettag a1, ca1
      cj   1f
      .org 0x10
      .word PLATFORM_RAM, 0x7e3e0000
      .word PLATFORM_RAM, 0x7e3e0000
    1:
      cgettag a2, ca2
      slli a2, a2, 1
      add  a2, a2, a1
      cspecialr ca5, mtdc
    """
    program = replace(assembled(text + EXIT_BY_CONTROL + AT_REST), tags=frozenset({config.entry + 0x10}))
    for result in (run_rtl(safe, config, program), run_model(config, program)):
        assert result.difference is None and result.program_code == 6
    assert run_rtl(safe, config, replace(program, tags=frozenset())).program_code == 5


def test_c_program_on_the_golden_machine(config, tmp_path):
    source = tmp_path / "it.c"
    source.write_text('#include <stdio.h>\nint main(void) { printf("%d\\n", 6 * 7); return 3; }\n')
    result = run_model(config, linked_program("it", build([source], config).image), max_cycles=50_000)
    assert (result.verdict, result.program_code, result.console) == (Verdict.EXIT, 3, b"42\n")


ECHO = (
    SETUP
    + """
  li   a2, 0
echo:
  lw   a0, UART_LINE_STATUS(ctp)
  andi a1, a0, 1
  beqz a1, echo
  lw   a0, UART_DATA(ctp)
  li   a1, 'q'
  beq  a0, a1, over
  cjal send
  cj   echo
over:
"""
    + EXIT_BY_CONTROL
    + AT_REST
)


@pytest.mark.sim
def test_characters_over_a_serial_line(assembled, tmp_path):
    """Bit by bit at the program's rate; the same run each time."""
    config = PROFILES["fpga64"]
    program = assembled(ECHO, config)
    results = []
    for waves in (None, str(tmp_path / "it.vcd")):
        texts = [b"Serial \xa5\x5a lines.q"]
        watch = Watch(typed=lambda texts=texts: texts.pop() if texts else b"")
        with Simulator(build_soc(config), tmp_path) as simulator:
            results.append(
                run_rtl(simulator, config, program, max_cycles=100_000, waves=waves, waves_from=777, watch=watch)
            )
    first, second = results
    assert (first.difference, first.program_code, first.console) == (None, 5, b"Serial \xa5\x5a lines.")
    assert (first.cycles, first.received) == (second.cycles, second.received)
