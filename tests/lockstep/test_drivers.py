"""What the drivers of CHERIoT RTOS do to the devices, access for access, in lockstep; the program checks the answers.

Source: platform specification, sections 1.3 to 1.6 and 3.2.
"""

import pytest

from cosim.run import run_model, run_rtl
from rtl.config import SAFE

START = """
  .option norvc
  cj   prologue
  .org 0x40
handler:                              # external: claim, complete at once, as for a source that is an edge
  csrr a4, mcause
  bgez a4, failed
  andi a4, a4, 31
  li   t1, 7
  beq  a4, t1, timer
  lw   a4, 4(cs0)
  sw   a4, 4(cs0)
  addi a1, a1, 1
  mret
timer:                                # the compare register moves on: hi all ones, lo, hi
  li   t1, -1
  sw   t1, 0x1c(cs1)
  sw   t1, 0x18(cs1)
  sw   t1, 0x1c(cs1)
  csrr t1, mip
  andi t1, t1, 0x80
  bnez t1, failed                     # the line has dropped already
  addi a1, a1, 0x100
  mret
prologue:
  cspecialr ca5, mtdc
  li   t0, PLATFORM_UART
  csetaddr ctp, ca5, t0
  li   t0, PLATFORM_TIMER
  csetaddr cs1, ca5, t0
  li   t0, PLATFORM_PLIC + 0x200000
  csetaddr cs0, ca5, t0
  li   t0, PLATFORM_REVOKER
  csetaddr cgp, ca5, t0
  auipcc ct0, 0
  li   t1, PLATFORM_ENTRY + 0x40
  csetaddr ct0, ct0, t1
  cspecialw mtcc, ct0
"""
UART = """
  li   a0, 'A'
  sw   zero, 4(ctp)                   # interrupts off
  li   t0, 0x83
  sw   t0, 12(ctp)
  li   t0, 0x0d
  sw   t0, 0(ctp)                     # divisor: not output, whatever it looks like
  sw   zero, 4(ctp)
  li   t0, 5
  sw   t0, 0x24(ctp)                  # a fraction, as for a variant that is not ours
  li   t0, 3
  sw   t0, 12(ctp)
  li   t0, 1
  sw   t0, 8(ctp)
  lw   t0, 20(ctp)
  li   t1, 0x60
  bne  t0, t1, failed                 # room, idle, nothing received
  sw   a0, 0(ctp)                     # back to back, without polling
  addi a0, a0, 1
  sw   a0, 0(ctp)
  addi a0, a0, 1
  sw   a0, 0(ctp)
  lw   t0, 0(ctp)
  bnez t0, failed
  lw   t0, 0x20(ctp)
  bnez t0, failed
"""
PLIC = """
  li   t0, PLATFORM_PLIC + 0x2000
  csetaddr ca2, ca5, t0
  sw   zero, 0(ca2)
  li   t0, PLATFORM_PLIC
  csetaddr ca0, ca5, t0
  sw   zero, 4(ca0)
  sw   zero, 8(ca0)
  sw   zero, 0(cs0)
  li   t0, 2
  sw   t0, 4(ca0)                     # the revoker
  li   t0, 3
  sw   t0, 8(ca0)                     # the UART
  li   t0, 6
  sw   t0, 0(ca2)
  lw   t0, 4(cs0)
  bnez t0, failed                     # nothing to claim
"""
TIMER = """
  li   t0, 0x80                       # no compare register was written: the interrupt is pending since reset
  csrr t1, mip
  bne  t0, t1, failed
  li   t1, -1
  sw   t1, 0x1c(cs1)                  # off
  csrr t1, mip
  bnez t1, failed
1:
  lw   a2, 0x14(cs1)
  lw   a3, 0x10(cs1)
  lw   t0, 0x14(cs1)
  bne  a2, t0, 1b
  csrr t0, mcycle                     # time and cycles go at one pace
  lw   t1, 0x10(cs1)
  csrr t2, mcycle
  sub  t1, t1, a3
  sub  t2, t2, t0
  bltu t1, t2, failed
  li   a1, 0
  li   t0, 0x880
  csrw mie, t0
  csrsi mstatus, 8
  lw   a3, 0x10(cs1)
  addi a3, a3, 200
  li   t1, -1
  sw   t1, 0x1c(cs1)
  sw   a3, 0x18(cs1)
  sw   zero, 0x1c(cs1)
2:
  wfi
  beqz a1, 2b
  li   t0, 0x100
  bne  a1, t0, failed
"""
REVOKER = """
  li   a1, 0
  lw   t0, 8(cgp)
  srli t0, t0, 16
  li   t1, 0x5500
  bne  t0, t1, failed
  li   t0, PLATFORM_RAM + 0x8000
  sw   t0, 0(cgp)
  li   t0, PLATFORM_RAM + 0x8100
  sw   t0, 4(cgp)
"""
SWEEPS = """
  li   a0, 0                          # sweeps that have ended
3:
  lw   a2, 12(cgp)
  srli t0, a2, 1
  bne  t0, a0, failed
  andi t0, a2, 1
  bnez t0, failed
  li   t0, 1
  sw   t0, 20(cgp)                    # the driver enables the interrupt each time, and never acknowledges one
  li   t0, 1
  sw   zero, 8(cgp)                   # two writes make one sweep
  sw   t0, 8(cgp)
  lw   a3, 12(cgp)
  addi a2, a2, 1
  bne  a2, a3, failed                 # it is odd at once
4:
  wfi
  beq  a1, a0, 4b
  addi a0, a0, 1
  bne  a1, a0, failed                 # one interrupt for each sweep
  lw   t0, 16(cgp)
  bnez t0, failed                     # status says nothing while the interrupt is enabled
  lw   t0, 4(cs0)
  bnez t0, failed                     # and nothing is left to claim
  li   t0, 3
  bne  a0, t0, 3b
"""
BITMAP = """
  li   t0, PLATFORM_BITMAP
  csetaddr ca0, ca5, t0
  li   t0, -1
  sw   t0, 4(ca0)                     # descending, as the allocator paints
  sw   t0, 0(ca0)
  csc  cnull, 0(ca0)                  # both words at once
  lw   t0, 0(ca0)
  bnez t0, failed
  lw   t0, 4(ca0)
  bnez t0, failed
  li   t0, PLATFORM_BITMAP_REST_END - 4
  csetaddr ca0, ca5, t0
  sw   t0, 0(ca0)
  lw   t0, 0(ca0)
  bnez t0, failed                     # behind the bitmap of this memory: zero
  csrw mie, zero
"""
GPIO = """
  li   t0, PLATFORM_GPIO
  csetaddr ca0, ca5, t0
  li   t0, 0xe000
  sw   t0, 8(ca0)
  sw   t0, 4(ca0)
  lw   t1, 4(ca0)
  bne  t0, t1, failed
  lw   t1, 0(ca0)
  bnez t1, failed
"""
END = """
  li   a0, 0x80
  cj   done
failed:
  li   a0, 0x81
done:
  sw   a0, 0(ctp)
5:
  cj   5b
"""
PROGRAM = START + UART + PLIC + TIMER + REVOKER + SWEEPS + BITMAP + GPIO + END


def check(result):
    assert (result.difference, result.program_code, result.console) == (None, 0, b"ABC")


def test_on_the_golden_machine(assembled):
    check(run_model(SAFE, assembled(PROGRAM), max_cycles=20_000))


@pytest.mark.sim
def test_on_the_core(safe, assembled):
    result = run_rtl(safe, SAFE, assembled(PROGRAM), max_cycles=20_000)
    check(result)
    assert result.state_compared
