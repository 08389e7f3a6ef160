# The stack high-water mark: which stores move it, where it then is, and who may see it.
.include "start.inc"

.equ LIMIT, AREA + 0x100
  device cs0, LIMIT
.macro marks from
  li    t0, LIMIT
  csrw  mshwmb, t0
  li    t0, LIMIT + \from
  csrw  mshwm, t0
.endm
.macro try access
  marks 128
  \access
  csrr  a0, mshwm
.endm
  try   "sb zero, -1(cs0)"
  try   "sh zero, -1(cs0)"
  try   "sw zero, -3(cs0)"
  try   "sw zero, -2(cs0)"
  try   "sw zero, -1(cs0)"
  try   "sb zero, 0(cs0)"
  try   "sh zero, 1(cs0)"
  try   "sw zero, 15(cs0)"
  try   "sw zero, 14(cs0)"
  try   "csc ca5, 16(cs0)"
  try   "sb zero, 127(cs0)"
  try   "sw zero, 126(cs0)"
  try   "sw zero, 128(cs0)"
  try   "csc ca5, 120(cs0)"
  try   "csc ca5, 128(cs0)"

# Rising addresses move it once; stores that trap never.
  marks 128
  sw    zero, 64(cs0)
  sw    zero, 96(cs0)
  csc   ca5, 36(cs0)                    # misaligned: traps
  ccleartag ca1, cs0
  sw    zero, 0(ca1)                    # traps
  csrr  a0, mshwm
  li    t0, LIMIT + 0x7b
  csrw  mshwm, t0
  csrr  a0, mshwm
  csrw  mshwmb, t0
  csrr  a0, mshwmb

# Without the permission for system registers neither can be read or written.
  cj    2f
1:
  csrr  a0, mshwm
  csrr  a0, mshwmb
  csrw  mshwm, t0
  csrw  mshwmb, t0
  csrr  a0, minstret
  cret
2:
  auipcc ca1, 0
  cincaddr ca1, ca1, 1b - 2b
  li    t0, 0xf7f
  candperm ca1, ca1, t0
  cjalr ca1
  finish
