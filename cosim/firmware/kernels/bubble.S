# Bubble sort of 80 words: branches that depend on data, loads that are used at once.
.include "start.inc"
setup:
  li   t1, 80
  cmove ca1, ctp
  li   t0, 0x13579
1:
  slli t2, t0, 13
  xor  t0, t0, t2
  srli t2, t0, 17
  xor  t0, t0, t2
  slli t2, t0, 5
  xor  t0, t0, t2
  sw   t0, 0(ca1)
  cincaddrimm ca1, ca1, 4
  addi t1, t1, -1
  bnez t1, 1b
  cret
kernel:
  li   a5, 79
2:
  cmove ca1, ctp
  mv   a4, a5
1:
  lw   a2, 0(ca1)
  lw   a3, 4(ca1)
  bgeu a3, a2, 3f
  sw   a3, 0(ca1)
  sw   a2, 4(ca1)
3:
  cincaddrimm ca1, ca1, 4
  addi a4, a4, -1
  bnez a4, 1b
  addi a5, a5, -1
  bnez a5, 2b
  # a checksum that depends on the order
  cmove ca1, ctp
  li   a4, 80
  li   a0, 0
1:
  lw   a2, 0(ca1)
  slli a3, a0, 1
  add  a0, a0, a3
  add  a0, a0, a2
  cincaddrimm ca1, ca1, 4
  addi a4, a4, -1
  bnez a4, 1b
  cret
