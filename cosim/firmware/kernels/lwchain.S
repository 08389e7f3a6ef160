# 700 rounds of six loads, each of which gives the next one's offset in a ring of 256 words.
.include "start.inc"
setup:
  li   t0, 0
  li   t1, 256
  cmove ca1, ctp
1:
  addi t2, t0, 37 * 4
  andi t2, t2, 0x3fc
  cincaddr ca2, ctp, t0
  sw   t2, 0(ca2)
  addi t0, t0, 4
  addi t1, t1, -1
  bnez t1, 1b
  cret
kernel:
  li   a0, 0
  li   a2, 700
  li   a3, 0
1:
.rept 6
  cincaddr ca1, ctp, a0
  lw   a0, 0(ca1)
.endr
  add  a3, a3, a0
  addi a2, a2, -1
  bnez a2, 1b
  mv   a0, a3
  cret
