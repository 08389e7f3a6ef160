# Every kind of access to memory, between `begin` and `end`. The interrupt that comes from outside is taken once: its
# handler disables all of them, and changes nothing else. Traps are skipped.
.include "platform.inc"
.equ AREA,   PLATFORM_RAM + 0x8000
.equ OBJECT, PLATFORM_RAM + 0x9000

.globl _start
_start:
  cj    start
  .option norvc
  .org  0x40
  cspecialrw ct0, mscratchc, ct0
  csc   ct1, 0(ct0)
  csrr  t1, mcause
  bltz  t1, 1f
  cspecialr ct1, mepcc
  cincaddr ct1, ct1, 4
  cspecialw mepcc, ct1
  cj    2f
1:
  csrw  mie, zero
2:
  clc   ct1, 0(ct0)
  csc   cnull, 0(ct0)
  cspecialrw ct0, mscratchc, ct0
  mret
start:
  auipcc ct2, 0
  li    t0, PLATFORM_ENTRY + 0x40
  csetaddr ct2, ct2, t0
  cspecialw mtcc, ct2
  cspecialr ca5, mtdc
  li    t0, PLATFORM_RAM + 0xa000       # the handler's
  csetaddr ct0, ca5, t0
  cspecialw mscratchc, ct0
  li    t0, AREA
  csetaddr cs0, ca5, t0
  csetbounds cs0, cs0, 256
  li    t0, OBJECT
  csetaddr cs1, ca5, t0
  csetbounds cs1, cs1, 64
  li    t0, PLATFORM_REVOKER
  csetaddr ctp, ca5, t0
  li    t0, AREA
  sw    t0, 0(ctp)
  li    t0, AREA + 64
  sw    t0, 4(ctp)
  li    t0, PLATFORM_BITMAP + (OBJECT - PLATFORM_HEAP) / 64
  csetaddr cgp, ca5, t0
  li    t0, PLATFORM_RAM_END
  csetaddr csp, ca5, t0
  li    t0, PLATFORM_UART
  csetaddr ca4, ca5, t0
  li    t0, AREA + 16
  csrw  mshwmb, t0
  li    t0, AREA + 256
  csrw  mshwm, t0
  li    t0, 0x12345678
  li    t0, 8
  csrw  mie, t0
  csrsi mstatus, 8
begin:
  li    a0, -0x765
  sw    a0, 64(cs0)                     # scalars, in a line and across
  sh    a0, 70(cs0)
  sb    a0, 77(cs0)
  sw    a0, 78(cs0)
  sh    a0, 87(cs0)
  sw    a0, 93(cs0)
  lw    a1, 64(cs0)
  lh    a2, 70(cs0)
  lhu   a3, 87(cs0)
  lb    t1, 77(cs0)
  lbu   t2, 77(cs0)
  lw    a1, 78(cs0)
  lw    a2, 93(cs0)
  sw    a2, 100(cs0)                    # what was just loaded
  csc   cs0, 0(cs0)                     # capabilities
  csc   cs1, 8(cs0)
  csc   cs1, 16(cs0)
  clc   ca0, 0(cs0)
  lw    a1, 64(ca0)                     # through what was just loaded
  clc   ca0, 0(ca0)
  clc   ca1, 8(cs0)
  csc   ca1, 24(cs0)
  li    t0, 1
  sb    t0, 0(cgp)                      # freed
  clc   ca1, 8(cs0)
  lw    a2, 0(ca1)                      # traps
  clc   ca1, 16(cs0)
  csc   ca1, 32(cs0)
  sw    zero, 8(ctp)                    # swept
  csc   ca5, 40(cs0)
  sb    zero, 17(cs0)
  clc   ca2, 24(cs0)
  clc   ca3, 4(cs0)                     # traps: misaligned
  csc   ca3, 256(cs0)                   # traps: bounds
  sw    a0, -2(csp)                     # traps: the second half is refused, the first is written
  lw    a0, -2(csp)                     # traps
  lw    a0, -8(csp)
  lhu   a1, -3(csp)
  sw    a0, 0x1c(ca4)                   # a register of a device
  lw    a1, 0x1c(ca4)
  lbu   a2, 0x1c(ca4)
  lw    a3, 8(ctp)
  cincaddr ct1, cs0, 128
  csetbounds ct1, ct1, 64
  cincaddr ct1, ct1, 64
  sw    a0, 132(cs0)
  cspecialw ztopc, ct1                  # zeroed
  lw    a1, 132(cs0)
  sw    a0, 134(cs0)
  csc   cs0, 184(cs0)
  cspecialr ct2, ztopc
  csrr  a2, mshwm
  mul   a3, a3, a3
  div   a3, a3, a0
  beqz  zero, 1f
  lw    a3, 0(cs0)
1:
  ccleartag ct2, ct2
  fence.i
end:
  csrci mstatus, 8
  csrw  mie, zero
1:
  lw    a0, 0xc(ctp)
  andi  a0, a0, 1
  bnez  a0, 1b
  csrw  mcause, zero
  csrw  mtval, zero
  cspecialw mepcc, cs0
  li    t0, PLATFORM_SIMCTL
  csetaddr ca0, ca5, t0
  sw    zero, 0(ca0)
9:
  cj    9b
