# A copy of 4096 bytes, byte by byte.
.include "start.inc"
setup:
  li   t0, 0
  li   t1, 1024
  li   t2, 0x01020304
1:
  cincaddr ca1, ctp, t0
  sw   t2, 0(ca1)
  slli a3, t2, 5
  add  t2, t2, a3
  addi t0, t0, 4
  addi t1, t1, -1
  bnez t1, 1b
  cret
kernel:
  cmove ca1, ctp                # from
  li   t0, 0x1000
  cincaddr ca2, ctp, t0         # to
  li   a3, 4096
  li   a0, 0
1:
  lbu  a4, 0(ca1)
  sb   a4, 0(ca2)
  cincaddrimm ca1, ca1, 1
  cincaddrimm ca2, ca2, 1
  addi a3, a3, -1
  bnez a3, 1b
  lw   a0, -4(ca2)
  lw   a1, -256(ca2)
  add  a0, a0, a1
  cret
