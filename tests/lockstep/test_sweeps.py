"""Programs that race the background revoker, in lockstep: every granule that it visits, every tag that it clears."""

from collections import Counter
from dataclasses import replace

import pytest

from cosim import run as run_module
from cosim.run import run_rtl
from cosim.simulator import Simulator
from cosim.soc_design import Kind, build_soc
from rtl.config import SAFE
from rtl.revoker.sweep import GRANULE_BITS

pytestmark = pytest.mark.sim

AREA, OBJECT = 0x8000, 0x9000
"""Offsets in RAM: of the memory that is swept, and of the object that is freed."""
GRANULES = 32
SETUP = f"""
  .option norvc
  cj   start
  .org 0x40
  cspecialr ct2, mepcc                # the handler: on with the next instruction
  cincaddr ct2, ct2, 4
  cspecialw mepcc, ct2
  mret
start:
  auipcc ct2, 0
  li   t0, PLATFORM_ENTRY + 0x40
  csetaddr ct2, ct2, t0
  cspecialw mtcc, ct2
  cspecialr ca5, mtdc
  li   t0, PLATFORM_RAM + {AREA}
  csetaddr cs0, ca5, t0
  li   t0, PLATFORM_RAM + {OBJECT}
  csetaddr cs1, ca5, t0
  csetbounds cs1, cs1, 64             # the object
  li   t0, PLATFORM_BITMAP + {OBJECT // 64}
  csetaddr cgp, ca5, t0
  li   t0, PLATFORM_REVOKER
  csetaddr ctp, ca5, t0
  li   t0, PLATFORM_RAM + {AREA}
  sw   t0, 0(ctp)
  li   t0, PLATFORM_RAM + {AREA + 8 * GRANULES}
  sw   t0, 4(ctp)
  cmove ca1, ca5
"""
END = """
1:
  lw   t0, 0xc(ctp)
  andi t0, t0, 1
  bnez t0, 1b
  li   t0, PLATFORM_SIMCTL
  csetaddr ca0, ca5, t0
  sw   zero, 0(ca0)
2:
  cj   2b
"""


def race(rng, length):
    """A program of random accesses to the swept memory, the bitmap and the revoker."""
    lines = []
    for _ in range(length):
        at = 8 * rng.choice([rng.randrange(GRANULES), rng.randrange(6)])
        odd = rng.choice([1, 2, 3, 5, 6, 7])
        lines += rng.choice(
            [
                [f"csc cs1, {at}(cs0)"],
                [f"csc cs1, {at}(cs0)"],
                [f"csc cs1, {at}(cs0)", f"csc cs1, {at + 8}(cs0)"],
                [f"csc ca1, {at}(cs0)"],
                [f"clc ca2, {at}(cs0)", f"csc ca2, {8 * rng.randrange(GRANULES)}(cs0)"],
                [f"clc ca2, {at}(cs0)"],
                [f"clc ca2, {at}(cs0)", "lw a3, 0(ca2)"],
                [f"sw a3, {at + odd}(cs0)"],
                [f"sb a3, {at + odd}(cs0)"],
                [f"lw a3, {at + odd}(cs0)"],
                [f"csc cs1, {at + 4}(cs0)", f"sw a3, {64 + at}(cs1)"],  # both trap
                ["li a4, 1", "sb a4, 0(cgp)"],
                ["li a4, 1", "sb a4, 0(cgp)"],
                ["sb zero, 0(cgp)"],
                ["sw zero, 8(ctp)"],
                ["sw zero, 8(ctp)"],
                ["lw a4, 0xc(ctp)"],
                ["mul a3, a3, a3", "addi a3, a3, 7"],
                ["div a3, a3, a3"],
            ]
        )
    return SETUP + "".join(f"  {line}\n" for line in lines) + END


@pytest.fixture
def cleared(monkeypatch):
    """Counts granules visited, by whether their tag was cleared."""
    counts = Counter()
    right = run_module.notice

    def counting(machine, kind, clock, value):
        if kind is Kind.SWEPT:
            counts[value >> GRANULE_BITS] += 1
        return right(machine, kind, clock, value)

    monkeypatch.setattr(run_module, "notice", counting)
    return counts


@pytest.mark.parametrize("wait_states", [0, 1])
def test_races(assembled, tmp_path, rng, cleared, wait_states):
    config = replace(SAFE, wait_states=wait_states)
    with Simulator(build_soc(config), tmp_path) as simulator:
        for number in range(30):
            result = run_rtl(simulator, config, assembled(race(rng, 300)), max_cycles=100_000)
            assert result.difference is None, f"program {number}: {result.difference}"
            assert (result.code, result.state_compared) == (0, True)
    print(f"granules left: {cleared[0]}, cleared: {cleared[1]}")
    assert cleared[0] > 1000 and cleared[1] > 100


def test_ranges(assembled, tmp_path):
    """Empty ranges, aligned or not, and one that leaves memory: what the registers say after each."""
    ends = {"PLATFORM_RAM + 0x14": "PLATFORM_RAM + 0x14", "PLATFORM_RAM": "PLATFORM_RAM - 8"}
    ends |= {"PLATFORM_RAM - 16": "PLATFORM_RAM + 9", "PLATFORM_UART - 16": "PLATFORM_UART + 32"}
    text = SETUP
    for start, end in ends.items():
        text += f"  li t0, {start}\n  sw t0, 0(ctp)\n  li t0, {end}\n  sw t0, 4(ctp)\n  sw zero, 8(ctp)\n"
        text += "  lw a3, 0xc(ctp)\n" * 12 + "  nop\n" * 30
        text += "  lw a3, 0xc(ctp)\n  lw a3, 0x10(ctp)\n  lw a3, 0x18(ctp)\n"
    with Simulator(build_soc(SAFE), tmp_path) as simulator:
        result = run_rtl(simulator, SAFE, assembled(text + END), max_cycles=20_000)
    assert result.difference is None, result.difference
    assert (result.code, result.state_compared) == (0, True)
