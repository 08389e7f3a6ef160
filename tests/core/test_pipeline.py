"""How many cycles instructions cost: the commit records of small programs on the bare core, memory at full speed."""

import itertools

import pytest

from cosim.toolchain.assembler import assemble
from cosim.toolchain.linker import link
from rtl.config import Region, profile
from rtl.core.core import Core
from rtl.isa.commit import PLACES

CONFIG = profile("bench", trace=True)
BASE, SIZE = CONFIG.ram.base, 0x2000
WORD = 64
SETUP = """
.text
.globl _start
_start:
  cspecialr ca5, mtdc
  auipcc ca4, 0
  li t0, {data}
  csetaddr ca5, ca5, t0
  csc ca5, 0(ca5)
  li a0, 40
  li a1, 3
"""


def field(record, name):
    index, lsb, width = PLACES[name]
    return record >> (WORD * index + lsb) & (1 << width) - 1


def image(body):
    source = SETUP.format(data=BASE + SIZE // 2) + ".p2align 3\nbody:\n" + body + "\nend: cj end\n"
    return link([assemble(source, "test.S")], Region(base=BASE, size=SIZE), base=BASE, entry="_start")


def clocks(simulate, body):
    """Clock of every record from label `body` up to the first one at label `end`."""
    program = image(body)
    memory, tags = bytearray(SIZE), set()
    flat = program.flat()
    memory[: len(flat)] = flat
    start, end = program.symbol("body"), program.symbol("end")
    dut, seen = Core(CONFIG.core), []

    async def bench(ctx):
        ports = (dut.fetch, dut.data)
        for port in ports:
            ctx.set(port.ready, 1)
        answers = {}
        while not seen or seen[-1][0] != end:
            for index, port in enumerate(ports):
                ctx.set(port.answered, index in answers)
                if index in answers:
                    line, write = answers[index]
                    data = int.from_bytes(memory[8 * line : 8 * line + 8], "little")
                    ctx.set(port.response, {"data": data, "tag": line in tags and not write, "error": 0})
            await ctx.delay(1e-9)
            requests = [ctx.get(port.request) if ctx.get(port.valid) else None for port in ports]
            record = ctx.get(dut.commit) if ctx.get(dut.commit_valid) else None
            await ctx.tick()
            answers = {}
            for index, request in enumerate(requests):
                if request is not None:
                    line = request.line - BASE // 8
                    answers[index] = line, request.write
                    if request.write:
                        (tags.add if request.tag else tags.discard)(line)
                        for lane in range(8):
                            if request.mask >> lane & 1:
                                memory[8 * line + lane] = request.data >> 8 * lane & 0xFF
            if record is not None and (seen or field(record, "pc") == start):
                seen.append((field(record, "pc"), field(record, "clock"), field(record, "trap")))

    simulate(dut, bench, deadline=0.005)
    assert not any(trap for _, _, trap in seen)
    return [clock for _, clock, _ in seen]


def gaps(simulate, body):
    found = clocks(simulate, body)
    return [after - before for before, after in itertools.pairwise(found)]


ALU = "add a0, a0, a1\nxori a0, a0, 5\nslli a0, a0, 1\nsltu a0, a1, a0\nmul a0, a0, a1\nmulhu a0, a0, a1"
CAPABILITY = """
  cincaddrimm ca0, ca5, 16
  csetboundsimm ca0, ca0, 64
  candperm ca0, ca0, a1
  cincaddr ca0, ca0, a1
  cgetlen a1, ca0
  cgetbase a1, ca0
  csetaddr ca0, ca0, a1
  cmove ca1, ca0
  ctestsubset a1, ca0, ca1
"""


@pytest.mark.parametrize("body", [ALU, CAPABILITY], ids=["integer", "capability"])
def test_dependent_operations_follow_without_a_bubble(simulate, body):
    assert set(gaps(simulate, body)) == {1}


def test_a_loaded_value_costs_its_user_one_bubble_at_most(simulate):
    used = "lw a0, 0(ca5)\nadd a1, a0, a0\nclc ca0, 0(ca5)\ncgettag a1, ca0\nclc ca0, 0(ca5)\nlw a1, 0(ca0)"
    assert gaps(simulate, used) == [2, 1, 2, 1, 2, 1]
    unused = "lw a0, 0(ca5)\nadd a1, a1, a1\nclc ca0, 0(ca5)\nnop\nadd a1, a0, a0"
    assert set(gaps(simulate, unused)) == {1}


def test_a_scalar_goes_from_load_to_store_without_a_bubble(simulate):
    assert set(gaps(simulate, "lw a0, 8(ca5)\nsw a0, 12(ca5)\nlbu a0, 1(ca5)\nsb a0, 9(ca5)")) == {1}


def test_an_access_across_two_lines_takes_one_cycle_more(simulate):
    assert gaps(simulate, "nop\nsw a0, 13(ca5)\nlw a0, 13(ca5)\nnop") == [1 + 1, 1 + 1, 1, 1]


LOOP = ".p2align 3\n1: addi a1, a1, -1\nbnez a1, 1b\n.p2align 3\nnop"


def test_predicted_branches_and_jumps_cost_nothing(simulate):
    *loop, _last = clocks(simulate, "nop\nnop\nnop\nnop\n" + LOOP)[3:]
    steps = [after - before for before, after in itertools.pairwise(loop)]
    # Three rounds of two instructions; only leaving the loop was not foreseen.
    assert steps[:6] == [1] * 6
    assert 2 <= steps[6] <= 3
    jumps = "nop\nnop\ncjal cnull, 1f\nnop\n.p2align 3\n1: cjal cra, 2f\nnop\n.p2align 3\n2: nop"
    assert gaps(simulate, jumps) == [1] * 5


@pytest.mark.parametrize("body", ["cjal cra, 1f\ncj 2f\n.p2align 3\n1: cret\n.p2align 3\n2: nop"], ids=["return"])
def test_jumps_through_a_register_cost_two_bubbles_at_most(simulate, body):
    steps = gaps(simulate, body)
    assert max(steps) <= 3
    assert sum(steps) <= len(steps) + 2


@pytest.mark.parametrize("op", ["div", "divu", "rem", "remu"])
def test_a_division_takes_at_most_eighteen_cycles(simulate, op):
    assert max(gaps(simulate, f"{op} a0, a0, a1\nadd a1, a0, a0")) <= 18
