"""A program that makes use of most kinds of records, and what the golden machine does with it."""

import pytest

from cosim.compare.record import RECORD
from cosim.toolchain.program import build_program
from rtl.config import BENCH
from rtos_model.machine.machine import Machine

PROGRAM = """
.globl _start
_start:
  auipcc ca0, 0
  cspecialrw ca5, mtdc, cnull
  cspecialrw ca4, mscratchc, cnull
  cincaddrimm ca0, ca0, 0x80
  cspecialrw cnull, mtcc, ca0
  li t0, 0x80001000
  csetaddr csp, ca5, t0
  csetbounds csp, csp, 0x100
  li a1, 0x12345678
  csrw mscratch, a1
  csrw mshwmb, zero
  li t1, 0x80001800
  csrw mshwm, t1
  sw a1, 4(csp)
  lw a2, 4(csp)
  lbu a3, 5(csp)
  csc ca4, 8(csp)
  clc ca3, 8(csp)
  csrr a2, mip
  csrr a2, mshwm
  div a2, a1, a3
  li t2, 8
  csrw mie, t2
  csrs mstatus, t2
  ecall
  sw a1, 0(cnull)
  cjal f
  nop
  c.addi a1, 1
1:
  cj 1b
f:
  cret
  .org 0x80
handler:
  cspecialrw ca1, mepcc, cnull
  cincaddrimm ca1, ca1, 4
  cspecialrw cnull, mepcc, ca1
  mret
"""
STEPS = 60


@pytest.fixture(scope="session")
def image(tmp_path_factory):
    """(address, bytes) of the program."""
    source = tmp_path_factory.mktemp("compare") / "program.S"
    source.write_text(PROGRAM)
    return [(BENCH.entry, build_program([source], BENCH).flat())]


@pytest.fixture
def machine(image):
    """A golden machine before its first step."""
    return Machine(BENCH, image)


@pytest.fixture(scope="session")
def records(image):
    """The records of its first steps."""
    machine = Machine(BENCH, image)
    return [machine.step() for _ in range(STEPS)]


@pytest.fixture
def packed():
    """Records as they travel."""
    return lambda records: b"".join(RECORD.pack(*record) for record in records)
