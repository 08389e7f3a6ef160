# 1200 rounds of 20 arithmetic instructions in one long dependence, and the loop.
.include "start.inc"
setup:
  cret
kernel:
  li   a0, 0x12345678
  li   a1, 0x9e3779b9
  li   a2, 1200
1:
  slli a3, a0, 13
  xor  a0, a0, a3
  srli a3, a0, 17
  xor  a0, a0, a3
  slli a3, a0, 5
  xor  a0, a0, a3
  add  a1, a1, a0
  srli a4, a1, 7
  xor  a1, a1, a4
  sltu a5, a1, a0
  add  a0, a0, a5
  andi a3, a0, 255
  or   a4, a3, a1
  sub  a0, a0, a4
  xori a0, a0, 0x55
  srai a4, a0, 3
  add  a1, a1, a4
  slt  a5, a0, a1
  sub  a1, a1, a5
  add  a0, a0, a1
  addi a2, a2, -1
  bnez a2, 1b
  cret
