"""Random programs find quiet mistakes: each is planted into a golden machine, whose records must then differ.

A mutant that no program of the set finds is a hole in the generator.
"""

from dataclasses import replace

import pytest

from cosim.stimulus.generator import generate
from rtl.config import SAFE
from rtl.isa.capfmt import Otype
from rtos_model.machine import csrfile, execute, machine, memory, pcc, revocation
from rtos_model.machine.capability import Cap, Perm
from rtos_model.machine.memory import Memory
from rtos_model.machine.semantics import control
from rtos_model.machine.semantics import memory as memory_semantics
from rtos_model.machine.semantics.capability import CAP
from rtos_model.machine.semantics.integer import ALU, BRANCH, MULDIV
from rtos_model.machine.semantics.system import legalised
from rtos_model.machine.trap import Trap
from rtos_model.machine.value import SEALED, TAG, WORDS, cleared, permissions, span

PROGRAMS = 60
STEPS = 12_000


def records(program):
    found = program.machine()
    while found.platform.exit_code is None and found.executed < STEPS and not found.lockup:
        yield found.step()


@pytest.fixture(scope="module")
def programs(request):
    first = 1000 * request.config.getoption("--seed")
    return [generate(seed, SAFE) for seed in range(first, first + PROGRAMS)]


@pytest.fixture(scope="module")
def good(programs):
    return [list(records(program)) for program in programs]


def operation(table, name, wrong):
    return lambda patch: patch.setitem(table, name, wrong(table[name]))


def function(module, name, wrong):
    return lambda patch: patch.setattr(module, name, wrong(getattr(module, name)))


def without_check(code):
    """An access check that lets one fault pass."""

    def wrong(check):
        def checked(*operands):
            try:
                check(*operands)
            except Trap as trap:
                if trap.mtval & 0x1F != code or trap.cause != 28:
                    raise

        return checked

    return wrong


def store_keeping_second_tag(right):
    """A misaligned store forgets the tag of the second line that it touches."""

    def wrong(self, address, size, value):
        line = (address + size - 1) & -8
        block = self.block_at(line)
        tag = block.lines[(line - block.base) >> 3] & TAG if block and line > address else 0
        right(self, address, size, value)
        if tag:
            block.lines[(line - block.base) >> 3] |= tag

    return wrong


def load_filter_by_address(right):
    return lambda self, value: cleared(value) if value >= TAG and self.revoked(value % 2**32 & -8) else value


def enter_without_disabling(right):
    def wrong(self, cause, mtval):
        right(self, cause, mtval)
        self.mpie = 1

    return wrong


def hwm_inclusive(right):
    return lambda self, address: setattr(self, "mark", address & -32)


MUTANTS = {
    "cincaddr keeps the tag of a sealed capability": operation(
        CAP, "incaddr", lambda right: lambda a, b: right(a & ~SEALED, b) | a & SEALED
    ),
    "csetaddr never clears a tag": operation(
        CAP, "setaddr", lambda right: lambda a, b: right(a, b) & WORDS | a & TAG
    ),
    "csetboundsexact ignores inexact bounds": operation(CAP, "setboundsexact", lambda right: CAP["setbounds"]),
    "csetbounds does not check the top": operation(
        CAP, "setbounds", lambda right: lambda a, b: right(a, b) & WORDS | (a & TAG if not a & SEALED else 0)
    ),
    "candperm of a sealed capability keeps its tag": operation(
        CAP, "andperm", lambda right: lambda a, b: right(a, b) & WORDS | a & TAG
    ),
    "cseal ignores the bounds of the authority": operation(
        CAP,
        "seal",
        lambda right: lambda a, b: right(a, b) | (a & TAG if b & TAG and not (a | b) & SEALED else 0),
    ),
    "cunseal keeps GL": operation(
        CAP, "unseal", lambda right: lambda a, b: right(a, b) | (a & 1 << 62 if right(a, b) & TAG else 0)
    ),
    "ctestsubset ignores permissions": operation(
        CAP,
        "testsubset",
        lambda right: lambda a, b: int(
            a >> 64 == b >> 64 and span(a).base <= span(b).base and span(b).top <= span(a).top
        ),
    ),
    "csetequalexact ignores the tag": operation(
        CAP, "setequalexact", lambda right: lambda a, b: int((a ^ b) & WORDS == 0)
    ),
    "cgetlen does not saturate": operation(
        CAP, "getlen", lambda right: lambda a, _: (span(a).top - span(a).base) % 2**32
    ),
    "crrl does not round": operation(CAP, "crrl", lambda right: lambda a, _: a % 2**32),
    "addi keeps metadata": operation(ALU, "add", lambda right: lambda a, b: right(a, b) | a & WORDS & ~(2**32 - 1)),
    "srai is logical": operation(ALU, "sra", lambda right: ALU["srl"]),
    "mulhsu is signed": operation(MULDIV, "mulhsu", lambda right: MULDIV["mulh"]),
    "rem by zero is zero": operation(MULDIV, "rem", lambda right: lambda a, b: right(a, b) if b % 2**32 else 0),
    "bge is unsigned": operation(BRANCH, "bge", lambda right: BRANCH["bgeu"]),
    "loads do not need LD": function(execute, "check_load", without_check(0x12)),
    "loads do not check bounds": function(execute, "check_load", without_check(0x01)),
    "loads through sealed capabilities": function(execute, "check_load", without_check(0x03)),
    "stores do not need SD": function(execute, "check_store", without_check(0x13)),
    "capability stores do not need MC": function(execute, "check_store", without_check(0x15)),
    "local capabilities are stored anywhere": function(execute, "stored", lambda right: lambda value, _: value),
    "no attenuation": function(
        execute,
        "attenuated",
        lambda right: lambda value, authority: value if permissions(authority) & Perm.MC else cleared(value),
    ),
    "LG is not attenuated": function(
        execute, "attenuated", lambda right: lambda value, authority: right(value, authority | 1 << 57)
    ),
    "the load filter is off": function(
        revocation.LoadFilter, "filtered", lambda right: lambda self, value: value
    ),
    "the load filter looks at the address": function(revocation.LoadFilter, "filtered", load_filter_by_address),
    "the second tag survives": function(Memory, "store", store_keeping_second_tag),
    "the stack mark is rounded to 32": function(csrfile.CsrFile, "stored", hwm_inclusive),
    "MPIE is always set by a trap": function(csrfile.CsrFile, "enter_trap", enter_without_disabling),
    "MEPCC keeps its tag after a fetch out of bounds": function(
        pcc, "special_fault", lambda right: lambda fault, *rest, clears_mepcc=False: right(fault, *rest)
    ),
    "links are never sealed": function(execute, "link", lambda right: lambda value, cd, enabled: value),
    "links always enable": function(execute, "link", lambda right: lambda value, cd, enabled: right(value, cd, 1)),
    "every sentry is accepted by every jump": function(
        control, "accepted", lambda right: lambda cd, cs1: frozenset(Otype) | {6, 7}
    ),
    "sentries do not change the posture": lambda patch: patch.setattr(execute, "POSTURE", {}),
    "jumps do not need EX": function(execute, "check_jump", without_check(0x11)),
    "CSRs need no permission": function(execute, "check_csr", without_check(0x18)),
    "SCRs need no permission": function(execute, "check_scr", without_check(0x18)),
    "MTCC and MEPCC are not legalised": function(
        execute, "legalised", lambda right: lambda number, value: value if number == 31 else legalised(number, value)
    ),
    "PCC bounds are those of the pc": function(
        pcc.Pcc, "at", lambda right: lambda self, address: self.upper | address % 2**32
    ),
    "an interrupt saves the next pc": function(
        machine.Machine, "_take_interrupt", lambda right: lambda self, lines: right(move_on(self), lines)
    ),
    "software interrupts go before external ones": function(
        machine, "cause_of", lambda right: lambda lines: 7 if lines & 2 else right(lines)
    ),
    "unsealing ignores the bounds of the authority": function(
        Cap, "unseal", lambda right: lambda self, authority: right(self, replace(authority, exp=15, base=0, top=0x100))
    ),
    "bytes of a split load are swapped": function(memory, "_BYTES", lambda right: right | {1: 0x7F}),
    "minstret counts traps": function(machine.Machine, "_take", lambda right: count_and_take(right)),
    "a set otype does not look at EX": function(
        memory_semantics, "_attenuated", lambda right: lambda perms, sealed, granted: right(perms, False, granted)
    ),
}


def move_on(found):
    found.pc += 2
    return found


def count_and_take(right):
    def wrong(self, trap):
        self.csrs.retired += 1
        right(self, trap)

    return wrong


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mistake_is_found(name, programs, good, monkeypatch):
    MUTANTS[name](monkeypatch)
    for program, expected in zip(programs, good, strict=True):
        position = 0
        try:
            for position, record in enumerate(records(program)):
                if position >= len(expected) or record != expected[position]:
                    return
            if position + 1 != len(expected):
                return
        except Exception:  # a machine with a mistake may break down altogether
            return
    pytest.fail(f"none of {PROGRAMS} programs tells")
