# What must be zero after every reset, warm ones too: to be run twice, it leaves everything set.
.include "start.inc"

  device cs0, PLATFORM_REVOKER
  lw    a0, 0(cs0)
  lw    a0, 4(cs0)
  lw    a0, 0xc(cs0)
  lw    a0, 0x10(cs0)
  lw    a0, 0x14(cs0)
  device cs1, PLATFORM_BITMAP
  device ca2, AREA
  device ca3, PLATFORM_DATA_RAM
  lw    a0, 0(cs1)
  li    t0, PLATFORM_BITMAP_END - 4
  csetaddr ca4, ca5, t0
  lw    a0, 0(ca4)
  clc   ca1, 0(ca2)
  clc   ca1, 8(ca2)
  clc   ca1, 0(ca3)
  csrr  a0, mshwm
  csrr  a0, mshwmb

  li    t0, AREA
  sw    t0, 0(cs0)
  addi  t0, t0, 64
  sw    t0, 4(cs0)
  sw    zero, 8(cs0)
  li    t0, 1
  sw    t0, 0x14(cs0)
  li    t0, -1
  sw    t0, 0(cs1)
  sw    t0, 0(ca4)
  csrw  mshwm, t0
  csrw  mshwmb, t0
.rept 40
  nop
.endr
  csc   ca5, 0(ca2)
  csc   ca5, 8(ca2)
  csc   ca5, 0(ca3)
  lw    a0, 0xc(cs0)
  finish
