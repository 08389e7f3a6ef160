# 400 rounds of four multiplications and four divisions.
.include "start.inc"
setup:
  cret
kernel:
  li   a0, 0x12345
  li   a1, 0x6789
  li   a2, 400
  li   a3, 1
1:
  mul  a4, a0, a1
  mulhu a5, a0, a1
  mulh t0, a0, a4
  add  a3, a3, a4
  xor  a3, a3, a5
  ori  t1, a1, 1
  divu t2, a3, t1
  remu a0, a3, t1
  div  a4, a3, a5
  rem  a5, a4, t1
  add  a1, a1, t2
  xor  a1, a1, a5
  add  a1, a1, t0
  mul  a3, a3, a1
  addi a2, a2, -1
  bnez a2, 1b
  add  a0, a3, a1
  cret
