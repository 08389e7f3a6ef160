# Capabilities, words and bytes are copied, half of them again and again; with SWEEP, while all of RAM is swept.
.include "start.inc"
  li   t0, AREA + 0x8000
  csetaddr cs1, ca5, t0
  li   t1, 1024
  cmove ca0, cs0
1:
  csc  ca0, 0(ca0)
  cincaddr ca0, ca0, 8
  addi t1, t1, -1
  bnez t1, 1b

.if SWEEP
  sweep PLATFORM_RAM, PLATFORM_RAM_END
.endif
  sw   zero, SIMCTL_START(cgp)
  li   t2, 8
2:
  cmove ca0, cs0
  cmove ca1, cs1
  li   t1, 128
1:
  clc  ca2, 0(ca0)
  clc  ca3, 8(ca0)
  csc  ca2, 0(ca1)
  csc  ca3, 8(ca1)
  lw   a2, 16(ca0)
  lw   a3, 20(ca0)
  sw   a2, 16(ca1)
  sw   a3, 20(ca1)
  lbu  a2, 24(ca0)
  lhu  a3, 26(ca0)
  sb   a2, 24(ca1)
  sh   a3, 26(ca1)
  cincaddr ca0, ca0, 32
  cincaddr ca1, ca1, 32
  addi t1, t1, -1
  bnez t1, 1b
  addi t2, t2, -1
  bnez t2, 2b
  finish SWEEP
