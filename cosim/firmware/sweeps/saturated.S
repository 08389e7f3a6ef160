# Loads that leave the data port not one cycle, while GRANULES granules are swept, all of them stale.
.include "start.inc"
  li   t0, OBJECT
  csetaddr cs1, ca5, t0
  csetbounds cs1, cs1, 8
  li   t1, GRANULES
  cmove ca0, cs0
1:
  csc  cs1, 0(ca0)
  cincaddr ca0, ca0, 8
  addi t1, t1, -1
  bnez t1, 1b
  li   t0, PLATFORM_BITMAP + (OBJECT - PLATFORM_HEAP) / 64
  csetaddr ca0, ca5, t0
  li   t0, 1
  sb   t0, 0(ca0)

  sw   zero, SIMCTL_START(cgp)
  sweep AREA, AREA + 8 * GRANULES
1:
.rept 400
  lw   a0, 0(cs0)
.endr
  lw   a1, EPOCH(ctp)
  andi a1, a1, 1
  beqz a1, 2f
  cj   1b
2:
  finish 0
