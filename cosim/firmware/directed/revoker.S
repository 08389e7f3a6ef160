# The registers of the revoker: its name, go by a write of anything, epoch and running together, status and interrupt.
.include "start.inc"

  device cs0, PLATFORM_REVOKER
  lw    a0, 8(cs0)
  li    t0, AREA
  sw    t0, 0(cs0)
  li    t0, AREA + 64
  sw    t0, 4(cs0)

# Software writes 0, then 1: one sweep. The epoch is looked at in every cycle around its end.
  sw    zero, 8(cs0)
  li    t0, 1
  sw    t0, 8(cs0)
.rept 100
  lw    a0, 0xc(cs0)
.endr
  lw    a0, 0x10(cs0)
  lw    a0, 0x10(cs0)
  sw    zero, 0x10(cs0)
  lw    a0, 0x10(cs0)
  sw    zero, 8(cs0)
.rept 100
  lw    a0, 0xc(cs0)
.endr
  lw    a0, 0x10(cs0)
  sw    t0, 0x10(cs0)
  lw    a0, 0x10(cs0)

# With the interrupt enabled: one for each sweep, though nobody acknowledges it in the revoker.
  device cs1, PLATFORM_PLIC
  li    t0, 2
  sw    t0, 4(cs1)                      # priority of source 1, the revoker
  li    t0, PLATFORM_PLIC + 0x2000
  csetaddr ca0, ca5, t0
  li    t0, 2
  sw    t0, 0(ca0)
  li    t0, 1
  sw    t0, 0x14(cs0)
  li    t0, 0x800
  csrw  mie, t0
  csrsi mstatus, 8
.rept 3
  sw    zero, 8(cs0)
  .rept 60
  nop
  .endr
  lw    a0, 0x10(cs0)
  lw    a0, 0xc(cs0)
.endr
  csrci mstatus, 8
  mv    a1, tp
  finish
