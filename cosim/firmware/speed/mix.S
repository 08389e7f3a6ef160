# An endless mix of what programs do, for measuring how fast a simulation runs: integer and capability arithmetic,
# loads and stores of words, bytes and capabilities, branches, calls, a multiplication. It does not exit.

.include "platform.inc"
.equ DATA,      PLATFORM_RAM + 0x8000
.equ STACK_TOP, PLATFORM_RAM + 0x20000

.globl _start
_start:
  cspecialr ca5, mtdc
  li   t0, STACK_TOP
  csetaddr csp, ca5, t0
  li   t0, DATA
  csetaddr cs0, ca5, t0
  csetbounds cs0, cs0, 64
  li   s1, 0
round:
  li   a0, 8
  cmove ca1, cs0
element:
  lw   a2, 0(ca1)
  addi a2, a2, 3
  xor  a3, a2, s1
  sw   a3, 0(ca1)
  csc  cs0, -16(csp)
  clc  ca4, -16(csp)
  srli t2, s1, 3
  sub  s1, s1, t2
  cgetaddr t1, ca4
  add  s1, s1, t1
  lbu  t2, 1(ca1)
  or   a3, a3, t2
  sb   t2, 2(ca1)
  cincaddr ca1, ca1, 4
  addi a0, a0, -1
  bnez a0, element
  cjal function
  csetbounds ca4, cs0, 16
  candperm ca4, ca4, t2
  cj   round
function:
  mul  t0, s1, t2
  cret
