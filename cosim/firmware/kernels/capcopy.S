# 12 copies of 128 capabilities, two at a time.
.include "start.inc"
setup:
  li   t1, 128
  cmove ca1, ctp
1:
  csetboundsimm ca2, ca1, 8
  wide csc ca2, 0(ca1)
  cincaddrimm ca1, ca1, 8
  addi t1, t1, -1
  bnez t1, 1b
  cret
kernel:
  li   a5, 12
  li   a0, 0
2:
  cmove ca1, ctp
  li   t0, 0x1000
  cincaddr ca2, ctp, t0
  li   a3, 64
1:
  wide clc ca4, 0(ca1)
  wide clc ct1, 8(ca1)
  wide csc ca4, 0(ca2)
  wide csc ct1, 8(ca2)
  cincaddrimm ca1, ca1, 16
  cincaddrimm ca2, ca2, 16
  addi a3, a3, -1
  bnez a3, 1b
  cgettag t0, ct1
  add  a0, a0, t0
  addi a5, a5, -1
  bnez a5, 2b
  clc  ca4, -16(ca2)
  cgetbase t0, ca4
  cgettag t1, ca4
  add  a0, a0, t0
  add  a0, a0, t1
  cret
