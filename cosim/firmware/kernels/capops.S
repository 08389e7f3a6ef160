# 800 rounds of bounds, addresses, permissions and field reads.
.include "start.inc"
setup:
  cret
kernel:
  li   a0, 0
  li   a2, 800
  li   t0, 0                    # offset
  li   t1, 64                   # length
  li   t2, 0x3f                 # permissions
1:
  cincaddr ca1, ctp, t0
  csetbounds ca1, ca1, t1
  cgetlen a3, ca1
  cgetbase a4, ca1
  cincaddrimm ca5, ca1, 8
  cgettag a3, ca5
  csetboundsimm ca5, ca5, 16
  candperm ca5, ca5, t2
  cgetaddr a4, ca5
  csub a3, ca5, ca1
  csetaddr ca5, ca1, a4
  cgettag a4, ca5
  add  a0, a0, a3
  add  a0, a0, a4
  addi t0, t0, 24
  andi t0, t0, 0x7f8
  addi t1, t1, 5
  andi t1, t1, 0x1ff
  ori  t1, t1, 32
  addi a2, a2, -1
  bnez a2, 1b
  cret
