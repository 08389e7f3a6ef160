# The endpoint lock in a queue's producer and consumer word (rules MQ-5 to MQ-7).

.include "queue.inc"

.text

# acquire(t, word): 1 when the endpoint is locked, 0 on time-out or stop
.equ ACQUIRE_FRAME, 32
.globl acquire
.hidden acquire
.type acquire, @function
acquire:
  cincaddr csp, csp, -ACQUIRE_FRAME
  csc   cra, 0(csp)
  csc   cs0, 8(csp)
  csc   ca0, 16(csp)
  csetbounds cs0, ca1, 4
1:
  lw    a0, 0(cs0)
  slli  a1, a0, STOPPED_LEFT
  bltz  a1, 3f
  bgez  a0, 2f                  # not locked
  lui   a2, 1 << (31 - WAITERS_LEFT - 12)
  or    a2, a0, a2
  sw    a2, 0(cs0)
  clc   ca0, 16(csp)
  cmove ca1, cs0
  li    a3, 0
  cjal  futex_timed_wait
  beqz  a0, 1b
3:
  li    a0, 0
  cj    4f
2:
  lui   a1, 0x80000
  or    a0, a0, a1
  sw    a0, 0(cs0)
  li    a0, 1
4:
  clc   cs0, 8(csp)
  clc   cra, 0(csp)
  cincaddr csp, csp, ACQUIRE_FRAME
  cret
.size acquire, . - acquire

# release(word): unlock, and wake whoever waits for the lock
.globl release
.hidden release
.type release, @function
release:
  lw    a1, 0(ca0)
  slli  a2, a1, 2               # without locked and waiters
  srli  a2, a2, 2
  sw    a2, 0(ca0)
  slli  a1, a1, WAITERS_LEFT
  bltz  a1, wake_all
  cret
.size release, . - release

# wake_all(word)
.globl wake_all
.hidden wake_all
.type wake_all, @function
wake_all:
  csetbounds ca0, ca0, 4
  li    a1, -1
  ctail futex_wake
.size wake_all, . - wake_all
