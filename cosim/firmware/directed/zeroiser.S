# The stack zeroiser: what starts it, who waits, how it is stopped and started anew, and a sweep beside it.
.include "start.inc"

  device cs1, AREA
.macro fill count
  .set place, 0
  .rept \count
  csc   cs1, place(cs1)
  .set place, place + 8
  .endr
.endm
.macro piece at, size, start
  object ca1, \at, \size
  li    t0, \start
  cincaddr ca1, ca1, t0
.endm

# Loads and stores in the piece and beside it, in every place.
.macro beside access
  fill  12
  piece AREA, 64, 64
  cspecialw ztopc, ca1
  \access
  cspecialr ca2, ztopc
  clc   ca2, 0(cs1)
.endm
  beside "clc ca2, 0(cs1)"
  beside "clc ca2, 56(cs1)"
  beside "clc ca2, 64(cs1)"
  beside "sw zero, -2(cs1)"
  beside "sb a0, 8(cs1)"
  beside "lw a2, 62(cs1)"

# Stopped, or begun anew, while it runs.
.macro then next
  fill  24
  li    a0, 0
  piece AREA, 64, 32
  cmove ca3, ca1
  piece AREA, 192, 192
  cspecialw ztopc, ca1
  nop
  nop
  \next
  cspecialr ca2, ztopc
  clc   ca2, 8(cs1)
  clc   ca2, 40(cs1)
  clc   ca2, 184(cs1)
  cspecialr ca2, ztopc
.endm
  then  "cspecialw ztopc, ca0"
  then  "cspecialw ztopc, ca3"
  then  "cspecialw ztopc, csp"
  then  "csrr a0, mshwm"

# Nothing to zero, and what does not start.
  fill  12
  piece AREA, 64, 0
  cspecialw ztopc, ca1
  cspecialr ca2, ztopc
  piece AREA, 64, 60
  cspecialw ztopc, ca1
  cspecialr ca2, ztopc
  piece (AREA + 4), 60, 60
  cspecialw ztopc, ca1
  cspecialr ca2, ztopc
  clc   ca2, 8(cs1)

# It meets nobody's memory.
  piece (PLATFORM_DATA_RAM - 64), 128, 128
  cspecialw ztopc, ca1
.rept 30
  nop
.endr
  cspecialr ca2, ztopc

# A sweep comes the other way.
  object ca4, OBJECT, 64
  paint OBJECT, 0xff
  device cs0, PLATFORM_REVOKER
  li    t0, AREA
  sw    t0, 0(cs0)
  li    t0, AREA + 96
  sw    t0, 4(cs0)
.set n, 0
.rept 12
  .set place, 0
  .rept 12
  csc   ca4, place(cs1)
  .set place, place + 8
  .endr
  piece AREA, 96, 96
  sw    zero, 8(cs0)
  .rept n
  nop
  .endr
  cspecialw ztopc, ca1
1:
  lw    t0, 0xc(cs0)
  andi  t0, t0, 1
  bnez  t0, 1b
  clc   ca2, 0(cs1)
  .set n, n + 1
.endr
  finish
