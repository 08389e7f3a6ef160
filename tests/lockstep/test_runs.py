"""Whole runs on the simulated SoC: every way to end, inputs, outputs, interrupts, and what a difference leads to."""

import io
from dataclasses import replace
from functools import partial

import pytest

from cosim import run as run_module
from cosim.bench.job import Input
from cosim.run import Verdict, Watch, run_model, run_rtl
from cosim.soc_design import Kind
from cosim.trace.log import CommitLog
from rtl.config import SAFE

pytestmark = pytest.mark.sim

AT_REST = """
1:
  cj   1b
"""
SETUP = """
  cspecialr ca5, mtdc
  li   t0, PLATFORM_SIMCTL
  csetaddr cgp, ca5, t0
  li   t0, PLATFORM_UART
  csetaddr ctp, ca5, t0
  li   t0, PLATFORM_TIMER
  csetaddr cs1, ca5, t0
"""


def exit_with(code):
    return f"  li   a0, {code}\n  sw   a0, SIMCTL_EXIT(cgp)\n{AT_REST}"


@pytest.mark.parametrize("code, reported", [(0, 0), (3, 3), (127, 127), (1000, 127)])
def test_exit_code_is_the_programs(safe, assembled, code, reported):
    result = run_rtl(safe, SAFE, assembled(SETUP + exit_with(code)))
    assert (result.verdict, result.program_code, result.code) == (Verdict.EXIT, code, reported)
    assert result.checked == result.instructions > 10 and result.state_compared


def test_console_of_both_devices_and_exit_through_the_uart(safe, assembled):
    text = SETUP + "".join(f"  li a0, {byte}\n  sw a0, UART_DATA(ctp)\n" for byte in b"hi")
    text += "  li a0, 0x21\n  sw a0, SIMCTL_CHARACTER(cgp)\n  li a0, 0x85\n  sw a0, UART_DATA(ctp)\n" + AT_REST
    seen = bytearray()
    result = run_rtl(safe, SAFE, assembled(text), watch=Watch(console=seen.extend))
    assert (result.console, bytes(seen)) == (b"hi!", b"hi!")
    assert (result.verdict, result.program_code, result.state_compared) == (Verdict.EXIT, 5, True)


def test_runs_follow_each_other_on_one_simulator(safe, assembled):
    """Nothing of a run is left over for the next one: registers, tags, revocation bits, devices."""
    dirty = """
      li   t0, PLATFORM_RAM + 0x8000
      csetaddr ca0, ca5, t0
      csc  ca5, 0(ca0)
      li   t0, PLATFORM_BITMAP
      csetaddr ca1, ca5, t0
      li   a2, -1
      sw   a2, 0(ca1)
      sw   a2, 4(ca1)
      li   t0, 9
      sw   t0, UART_INTERRUPTS(ctp)
    """
    first = run_rtl(safe, SAFE, assembled(SETUP + dirty + exit_with(1)))
    second = run_rtl(safe, SAFE, assembled(exit_with(0).replace("sw ", "nop\n#")), max_cycles=3000)
    third = run_rtl(safe, SAFE, assembled(SETUP + exit_with(2)))
    assert (first.code, second.verdict, third.code) == (1, Verdict.TIMEOUT, 2)
    assert not (first.difference or second.difference or third.difference) and third.state_compared


def test_received_bytes(safe, assembled):
    """Bytes pushed into the UART are echoed; the golden machine gets them from the log of inputs."""
    echo = f"""
      li   a3, 3
    2:
      lw   a0, UART_LINE_STATUS(ctp)
      andi a0, a0, 1
      beqz a0, 2b
      lw   a0, UART_DATA(ctp)
      addi a0, a0, 1
      sw   a0, UART_DATA(ctp)
      addi a3, a3, -1
      bnez a3, 2b
    {exit_with(0)}
    """
    inputs = []
    for number, byte in enumerate(b"abc"):
        clock = 3000 + 777 * number
        inputs += [Input(clock, "uart__received", byte), Input(clock, "uart__received_valid", 1)]
        inputs.append(Input(clock + 1, "uart__received_valid", 0))
    result = run_rtl(safe, SAFE, assembled(SETUP + echo), inputs=tuple(inputs), max_cycles=20_000)
    assert (result.console, result.code, result.state_compared) == (b"bcd", 0, True)


SWEEP = """
  li   t0, PLATFORM_RAM + 0x8000      # memory in which a capability to freed memory stands
  csetaddr ca0, ca5, t0
  li   t0, PLATFORM_RAM + 0x9000      # the freed memory
  csetaddr ca1, ca5, t0
  csetbounds ca1, ca1, 64
  csc  ca1, 8(ca0)
  csc  ca5, 16(ca0)
  li   t0, PLATFORM_BITMAP + 0x9000 / 64
  csetaddr ca2, ca5, t0
  li   t1, 1
  sb   t1, 0(ca2)
  li   t0, PLATFORM_REVOKER
  csetaddr ca3, ca5, t0
  li   t0, PLATFORM_RAM + 0x8000
  sw   t0, 0(ca3)
  li   t0, PLATFORM_RAM + 0x8400
  sw   t0, 4(ca3)
  sw   zero, 8(ca3)
2:
  lw   a4, 24(ca0)                    # keeps the port busy now and then
  lw   t0, 0xc(ca3)
  andi t0, t0, 1
  bnez t0, 2b
  lw   a4, 8(ca0)
  clc  ca4, 16(ca0)
"""


def test_background_sweep(safe, assembled):
    """Each granule that the revoker visits is followed, also while the core reads memory and the epoch."""
    result = run_rtl(safe, SAFE, assembled(SETUP + SWEEP + exit_with(0)))
    assert result.difference is None and (result.code, result.state_compared) == (0, True)
    assert result.cycles > 1024 + 0x400 // 8


def test_sweep_that_skips_a_granule_is_found(safe, assembled, monkeypatch):
    right = run_module.notice

    def wrong(machine, kind, clock, value):
        return right(machine, kind, clock, value + (kind is Kind.SWEPT and value % 4 == 3))

    monkeypatch.setattr(run_module, "notice", wrong)
    result = run_rtl(safe, SAFE, assembled(SETUP + SWEEP + exit_with(0)))
    assert result.verdict is Verdict.MISMATCH and "next is 0x20048018" in result.difference.note


def test_interrupt_lines_from_outside(safe, assembled):
    """Lines that a test drives interrupt wherever the core happens to be."""
    text = f"""
      cj 3f
      .org 0x40
      addi a3, a3, -1
      bgtz a3, 4f
    {exit_with(0)}
    4:
      csrw mie, zero
      mret
    3:
      {SETUP}
      li   a3, 30
      auipcc ca0, 0
      li   t0, PLATFORM_ENTRY + 0x40
      csetaddr ca0, ca0, t0
      cspecialw mtcc, ca0
      csrsi mstatus, 8
    5:
      li   t0, 0x808
      csrw mie, t0
      csrr a1, mip
      cj   5b
    """
    inputs = tuple(Input(clock, "interrupts", value) for clock, value in ((2000, 4), (2100, 0), (3001, 1), (3200, 5)))
    result = run_rtl(safe, SAFE, assembled(text), inputs=inputs, max_cycles=6000)
    assert result.difference is None and result.code == 0 and result.cycles > 3001


def test_timer_interrupts(safe, assembled):
    """Interrupts are taken where the core took them; wfi waits for them."""
    text = f"""
      cj 3f
      .org 0x40
      lw   a1, 0x10(cs1)
      addi a1, a1, 300
      sw   a1, 0x18(cs1)
      addi a3, a3, -1
      bgtz a3, 4f
    {exit_with(0)}
    4:
      mret
    3:
      {SETUP}
      li   a3, 12
      auipcc ca0, 0
      cgetbase t0, ca0
      li   t0, PLATFORM_ENTRY + 0x40
      csetaddr ca0, ca0, t0
      cspecialw mtcc, ca0
      li   t0, 0x80
      csrw mie, t0
      csrsi mstatus, 8
    5:
      wfi
      addi a4, a4, 1
      mul  a5, a4, a4
      cj   5b
    """
    result = run_rtl(safe, SAFE, assembled(text), max_cycles=50_000)
    assert result.difference is None and (result.verdict, result.code) == (Verdict.EXIT, 0)
    assert result.cycles > 3000 and result.checked == result.instructions


def test_unhandled_trap_is_reported_by_the_rom(safe, assembled):
    result = run_rtl(safe, SAFE, assembled("  ebreak\n"))
    assert (result.verdict, result.program_code, result.code) == (Verdict.EXIT, 253, 253)


def test_lock_up(safe, assembled):
    """A handler that cannot be fetched: both machines know that nothing will ever retire."""
    program = assembled("  cspecialw mtcc, cra\n  ebreak\n")
    assert run_rtl(safe, SAFE, program).code == 253
    assert run_rtl(safe, SAFE, program).verdict is Verdict.LOCKUP
    assert run_model(SAFE, program).verdict is Verdict.LOCKUP


def test_time_limit(safe, assembled):
    result = run_rtl(safe, SAFE, assembled(AT_REST), max_cycles=5000)
    assert (result.verdict, result.code, result.cycles) == (Verdict.TIMEOUT, 254, 5000)
    assert run_model(SAFE, assembled(AT_REST), max_cycles=5000).code == 254


def test_unchecked_run_counts_the_same(safe, assembled):
    program = assembled(SETUP + exit_with(7))
    checked, free = run_rtl(safe, SAFE, program), run_rtl(safe, SAFE, program, check=False)
    assert (checked.cycles, checked.instructions, checked.code) == (free.cycles, free.instructions, free.code)
    assert not free.checked and not free.state_compared


def test_commit_logs_are_the_same(safe, assembled):
    program = assembled(SETUP + "  csc cgp, 0(cnull)\n" + exit_with(0))
    logs = []
    for run in (partial(run_rtl, safe), run_model):
        file = io.StringIO()
        run(SAFE, program, watch=Watch(log=CommitLog(file)))
        logs.append(file.getvalue().splitlines())
    core, model = logs
    assert len(model) > 10 and core[: len(model)] == model


@pytest.fixture
def other_program(monkeypatch):
    """Lets the golden machine run another program than the core."""
    right = run_module.golden_machine

    def plant(offset, bits):
        def wrong(config, program, **clock):
            (address, data), *others = program.segments
            data = bytearray(data)
            data[offset] ^= bits
            return right(config, replace(program, segments=((address, bytes(data)), *others)))

        monkeypatch.setattr(run_module, "golden_machine", wrong)

    return plant


def test_a_difference_ends_the_run(safe, assembled, other_program):
    program = assembled("  li a0, 1\n" * 50 + SETUP + exit_with(0))
    other_program(40, 0x04)
    result = run_rtl(safe, SAFE, program)
    assert (result.verdict, result.code) == (Verdict.MISMATCH, 250)
    assert result.difference.fields()[0][0] == "insn" and len(result.difference.history) == 20


def test_a_difference_in_memory_only_is_found_at_the_end(safe, assembled, other_program):
    """A byte that the program never touches."""
    program = assembled(SETUP + exit_with(0) + "  .word 0x12345678\n")
    other_program(-1, 0x80)
    result = run_rtl(safe, SAFE, program)
    assert (result.verdict, result.code) == (Verdict.MISMATCH, 250)
    assert "memory 0x2004" in result.difference.note and result.difference.core is None
