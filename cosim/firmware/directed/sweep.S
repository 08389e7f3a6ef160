# Stores to the granule under the sweep, in each cycle from before its reading to after its clearing; with the port
# idle, and with loads that leave the revoker only the cycles that it takes.
.include "start.inc"

  object cs0, AREA, 64
  object cs1, OBJECT, 64
  paint OBJECT, 0xff
  device cra, PLATFORM_REVOKER
  li    t0, AREA
  sw    t0, 0(cra)
  li    t0, AREA + 24
  sw    t0, 4(cra)
  object ca4, AREA, 8                   # a live capability

.macro round access, between, count
  csc   cs1, 0(cs0)
  csc   cs1, 8(cs0)
  csc   cs1, 16(cs0)
  sw    zero, 8(cra)
  .rept \count
  \between
  .endr
  \access
  .rept 28
  \between
  .endr
  clc   ca1, 0(cs0)
  clc   ca1, 8(cs0)
  clc   ca1, 16(cs0)
1:
  lw    t0, 0xc(cra)
  andi  t0, t0, 1
  bnez  t0, 1b
.endm

.set n, 0
.rept 10
  round "csc ca4, 0(cs0)", nop, n
  round "csc ca4, 8(cs0)", nop, n
  round "sb zero, 3(cs0)", nop, n
  round "sw zero, 6(cs0)", nop, n
  round "csc cs1, 4(cs1)", nop, n       # traps: must not count as a store
  .set n, n + 1
.endr
.set n, 0
.rept 36
  round "csc ca4, 0(cs0)", "lw a0, 32(cs0)", n
  .set n, n + 1
.endr
.set n, 0
.rept 10
  csc   cs1, 0(cs0)
  sw    zero, 8(cra)
  .rept n
  nop
  .endr
  sb    zero, 0(cgp)                    # the object is used again
  nop
  nop
  nop
  nop
  nop
  nop
  paint OBJECT, 0xff
  .set n, n + 1
.endr
1:
  lw    t0, 0xc(cra)
  andi  t0, t0, 1
  bnez  t0, 1b
  finish
