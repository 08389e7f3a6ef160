"""The scripted clock on core and golden machine: when time stands still, and when it goes on."""

import pytest

from cosim.run import Verdict, run_model, run_rtl
from cosim.simulator import Simulator
from cosim.soc_design import build_soc
from rtl.config import SAFE
from rtos_model.machine.devices.timer import Timer

pytestmark = pytest.mark.sim

HANDLER = """
  cj   3f
  .org 0x40
  csrr t1, mcause
  csrw mie, zero
  mret
3:
  cspecialr ca5, mtdc
  li   t0, PLATFORM_SIMCTL
  csetaddr cgp, ca5, t0
  li   t0, PLATFORM_TIMER
  csetaddr cs1, ca5, t0
  li   t0, PLATFORM_PLIC
  csetaddr ctp, ca5, t0
  li   t0, PLATFORM_REVOKER
  csetaddr ca4, ca5, t0
  auipcc ca0, 0
  li   t0, PLATFORM_ENTRY + 0x40
  csetaddr ca0, ca0, t0
  cspecialw mtcc, ca0
"""
NEVER = "  li a0, -1\n  sw a0, 0x18(cs1)\n  sw a0, 0x1c(cs1)\n"
TIMER_ENABLED = "  li t0, 0x80\n  csrw mie, t0\n"
ALL_ENABLED = "  li t0, 0x880\n  csrw mie, t0\n"
SLEEP_TO = "  li a0, {}\n  sw a0, 0x18(cs1)\n  sw zero, 0x1c(cs1)\n  wfi\n"
EXIT = "  sw a1, 0(cgp)\n1:\n  cj 1b\n"
"""Ends with the value of a1."""


@pytest.fixture(scope="module")
def safe(tmp_path_factory):
    with Simulator(build_soc(SAFE), tmp_path_factory.mktemp("simulator")) as simulator:
        yield simulator


def both(simulator, program, max_cycles=100_000):
    """The same program on the core, followed by the golden machine, and on the golden machine alone."""
    result = run_rtl(simulator, SAFE, program, scripted=True, max_cycles=max_cycles)
    assert result.difference is None, result.difference
    alone = run_model(SAFE, program, scripted=True, max_cycles=max_cycles)
    return result, alone


@pytest.mark.parametrize(
    "text, left",
    [
        pytest.param("  lw a1, 0x10(cs1)\n", 0, id="stands still"),
        pytest.param("  li a0, 77\n  sw a0, 0x18(cgp)\n  lw a1, 0x10(cs1)\n", 77, id="advance"),
        pytest.param(NEVER + TIMER_ENABLED + SLEEP_TO.format(50) + "  lw a1, 0x10(cs1)\n", 51, id="sleep"),
        pytest.param(
            NEVER + TIMER_ENABLED + SLEEP_TO.format(50) + SLEEP_TO.format(100) + "  lw a1, 0x10(cs1)\n",
            101,
            id="sleep twice",
        ),
        pytest.param(
            NEVER + TIMER_ENABLED + "  csrsi mstatus, 8\n" + SLEEP_TO.format(50) + "  andi a1, t1, 0x7f\n",
            7,
            id="interrupt after the jump",
        ),
        pytest.param(
            TIMER_ENABLED + "  li a0, 60\n  sw a0, 0x18(cgp)\n" + SLEEP_TO.format(50) + "  lw a1, 0x10(cs1)\n",
            60,
            id="pending at once",
        ),
    ],
)
def test_time_moves_by_the_rule_only(safe, assembled, text, left):
    result, alone = both(safe, assembled(HANDLER + text + EXIT))
    assert (result.verdict, result.program_code) == (alone.verdict, alone.program_code) == (Verdict.EXIT, left)
    assert result.checked == result.instructions > 10


def test_advance_with_the_real_clock_also(safe, assembled):
    """A thousand cycles more than what the clock counts."""
    text = (
        "  lw a0, 0x10(cs1)\n  li a2, 1000\n  sw a2, 0x18(cgp)\n  lw a1, 0x10(cs1)\n  sub a1, a1, a0\n"
        "  addi a1, a1, -1000\n"
    )
    result = run_rtl(safe, SAFE, assembled(HANDLER + text + EXIT))
    assert result.difference is None and 0 < result.program_code < 20


@pytest.mark.parametrize("lines, number", [(1 << 8, 8), (1 << 12, 12)], ids=["level", "edge"])
def test_a_test_interrupt_ends_the_sleep_instead(safe, assembled, lines, number):
    text = f"""
      li   a0, 1
      sw   a0, {4 * number}(ctp)
      li   a0, {lines}
      li   t0, 0x2000
      cincaddr ca1, ctp, t0
      sw   a0, 0(ca1)
      sw   a0, 0x1c(cgp)
      {NEVER}{ALL_ENABLED}{SLEEP_TO.format(50)}
      li   t0, 0x200004
      cincaddr ca1, ctp, t0
      lw   a1, 0(ca1)
      lw   a2, 0x10(cs1)
      add  a1, a1, a2
    """
    result, alone = both(safe, assembled(HANDLER + text + EXIT))
    assert result.program_code == alone.program_code == number


def test_a_sweep_ends_before_time_moves(safe, assembled):
    """The epoch is even when the sleeper wakes, whether or not the end of the sweep was what woke it."""
    text = f"""
      {NEVER}{TIMER_ENABLED}
      li   t0, PLATFORM_RAM + 0x8000
      sw   t0, 0(ca4)
      li   t0, PLATFORM_RAM + 0x8800
      sw   t0, 4(ca4)
      sw   zero, 8(ca4)
      lw   a2, 0xc(ca4)
      li   a0, 50
      sw   a0, 0x18(cs1)
      sw   zero, 0x1c(cs1)
    2:
      wfi                     # the golden machine alone passes this one without sleeping
      lw   a0, 0xc(ca4)
      andi a0, a0, 1
      bnez a0, 2b
      wfi
      lw   a1, 0xc(ca4)
      slli a1, a1, 4
      add  a1, a1, a2
      lw   a2, 0x10(cs1)
      add  a1, a1, a2
    """
    result, alone = both(safe, assembled(HANDLER + text + EXIT))
    assert result.program_code == alone.program_code == (2 << 4) + 1 + 51


@pytest.mark.parametrize("enable", [TIMER_ENABLED, "  csrw mie, zero\n"], ids=["no deadline", "deaf"])
def test_sleep_for_ever_ends_the_run(safe, assembled, enable):
    deadline = NEVER if enable is TIMER_ENABLED else ""
    result, alone = both(safe, assembled(HANDLER + deadline + enable + "1:\n  wfi\n  cj 1b\n"))
    assert result.verdict is alone.verdict is Verdict.ASLEEP and result.code == alone.code == 251
    assert result.cycles < 2000


def test_waking_without_reason_is_found(safe, assembled, monkeypatch):
    """A golden machine that is told of no deadline does not believe that the core woke."""
    monkeypatch.setattr(Timer, "never", True)
    program = assembled(HANDLER + TIMER_ENABLED + SLEEP_TO.format(50) + EXIT)
    result = run_rtl(safe, SAFE, program, scripted=True)
    assert result.verdict is Verdict.MISMATCH and "nothing was there to wake it" in result.difference.note
