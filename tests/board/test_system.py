"""A program made of nothing but the numbers in a board description finds out whether the system is as they say."""

import copy

import pytest

from cosim.board.describe import board
from cosim.run import run_model, run_rtl
from cosim.simulator import Simulator
from cosim.soc_design import build_soc
from rtl.config import PROFILES, SAFE

NAMES = ("safe", "sail", "fpga64", "fpga128")

PROGRAM = """
  cj   prologue
  .org 0x20
handler:                              # counts traps in a1, goes on behind the instruction
  addi a1, a1, 1
  cspecialr ct2, mepcc
  cincaddr ct2, ct2, 4
  cspecialw mepcc, ct2
  mret
prologue:
  .option norvc
  cspecialr ca5, mtdc
  auipcc ct0, 0
  li   t1, {start} + 0x20
  csetaddr ct0, ct0, t1
  cspecialw mtcc, ct0
  li   a1, 0
"""
LOADS = """
  li   t0, {address}
  csetaddr ca0, ca5, t0
  lw   a2, 0(ca0)
"""
EXPECT = """
  li   t0, {value}
  bne  {register}, t0, failed
"""
FILTER = """
  li   t0, {shadow} + {byte}
  csetaddr ca0, ca5, t0
  li   t1, {bit}
  sb   t1, 0(ca0)
  li   t0, {address}
  csetaddr ca0, ca5, t0
  csetboundsimm ca2, ca0, 8
  li   t0, {room}
  csetaddr cs0, ca5, t0
  csc  ca2, 0(cs0)
  clc  ca3, 0(cs0)
  cgettag a2, ca3
"""
CLAIM = """
  li   t0, {plic} + 0x200004
  csetaddr ca0, ca5, t0
  lw   a2, 0(ca0)
  sw   a2, 0(ca0)
"""
ENABLE = """
  li   t0, {plic} + 4 * {number}
  csetaddr ca0, ca5, t0
  li   t1, {priority}
  sw   t1, 0(ca0)
  li   t0, {plic} + 0x2000
  csetaddr ca0, ca5, t0
  li   t1, 1 << {number}
  sw   t1, 0(ca0)
"""
CAUSES = {
    "UARTInterrupt": "  li t0, {uart} + 4\n  csetaddr ca0, ca5, t0\n  li t1, 2\n  sw t1, 0(ca0)\n",
    "RevokerInterrupt": "  li t0, {revoker}\n  csetaddr ca0, ca5, t0\n  li t1, 1\n  sw t1, 0x14(ca0)\n  sw t1, 8(ca0)\n"
    + "  nop\n" * 20,
}
END = """
  li   a2, 0
  cj   done
failed:
  li   a2, 1
done:
  li   t0, PLATFORM_SIMCTL
  csetaddr ca0, ca5, t0
  sw   a2, 0(ca0)
1:
  cj   1b
"""


def end(area):
    return area["end"] if "end" in area else area["start"] + area["length"]


def program(found):
    """Each device answers at both ends, memory ends where it should; bitmap and interrupts are as described."""
    devices = found["devices"]
    memory, heap, revocable = found["instruction_memory"], found["heap"]["end"], found["revokable_memory_start"]
    text = PROGRAM.format(start=memory["start"])
    for area in (*devices.values(), memory):
        text += "".join(LOADS.format(address=address) for address in (area["start"], end(area) - 4))
    text += EXPECT.format(register="a1", value=0)
    text += LOADS.format(address=memory["end"]) + EXPECT.format(register="a1", value=1)
    for granule in (revocable, heap - 8):
        index = (granule - revocable) // 8
        places = {"shadow": devices["shadow"]["start"], "byte": index // 8, "address": granule, "room": heap - 64}
        for bit, tag in ((0, 1), (1 << index % 8, 0)):
            text += FILTER.format(bit=bit, **places) + EXPECT.format(register="a2", value=tag)
    numbers = {name: device["start"] for name, device in devices.items()}
    for interrupt in found["interrupts"] if "plic" in devices else ():
        number = interrupt["number"]
        text += ENABLE.format(priority=interrupt["priority"], number=number, **numbers)
        text += CAUSES[interrupt["name"]].format(**numbers)
        text += CLAIM.format(**numbers) + EXPECT.format(register="a2", value=number)
        again = 0 if interrupt.get("edge_triggered", False) else number
        text += CLAIM.format(**numbers) + EXPECT.format(register="a2", value=again)
    return text + END


@pytest.mark.parametrize("name", NAMES)
def test_the_system_is_as_described(name, assembled, tmp_path):
    config = PROFILES[name]
    image = assembled(program(board(config)), config)
    assert run_model(config, image, max_cycles=20_000).program_code == 0


@pytest.mark.sim
@pytest.mark.parametrize("name", NAMES)
def test_the_core_is_as_described(name, assembled, tmp_path):
    config = PROFILES[name]
    image = assembled(program(board(config)), config)
    with Simulator(build_soc(config), tmp_path) as simulator:
        result = run_rtl(simulator, config, image, max_cycles=20_000)
    assert (result.difference, result.program_code) == (None, 0)


@pytest.mark.parametrize("place", ["uart", "shadow", "memory", "heap", "level"])
def test_a_wrong_description_is_noticed(place, assembled):
    """The program above fails if the description is wrong; otherwise it would show nothing."""
    found = copy.deepcopy(board(SAFE))
    if place in found["devices"]:
        found["devices"][place]["length"] += 0x1000
        found["devices"]["shadow"]["start"] += 8 * (place == "shadow")
    elif place == "level":
        found["interrupts"][1]["edge_triggered"] = True
    elif place == "memory":
        found["instruction_memory"]["end"] -= 8
    else:
        found["revokable_memory_start"] += 0x40
    assert run_model(SAFE, assembled(program(found), SAFE), max_cycles=20_000).program_code != 0
