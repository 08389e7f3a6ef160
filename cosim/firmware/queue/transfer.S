# Sending and receiving: elements between a queue and a buffer (rules MQ-8 to MQ-12).

.include "errors.inc"
.include "scope.inc"
.include "queue.inc"

.text

# transfer(t, q, buffer, n, offset of the own word): the number of elements moved, or a negative code
.equ F_RA,     0
.equ F_CS0,    8
.equ F_CS1,    16
.equ F_T,      24
.equ F_SCOPE,  32
.equ F_N,      F_SCOPE + SCOPE_BYTES    # elements wanted
.equ F_MINE,   F_N + 4          # offset of the own word
.equ F_DONE,   F_N + 8          # elements moved
.equ F_CODE,   F_N + 12         # why it ended early
.equ F_WAKE,   F_N + 16         # whether someone may wait for what this did
.equ F_NUMBER, F_N + 20         # elements moved in this round
.equ FRAME,    F_NUMBER + 4

.globl transfer
.hidden transfer
.type transfer, @function
transfer:
  cincaddr csp, csp, -FRAME
  csc   cra, F_RA(csp)
  csc   cs0, F_CS0(csp)
  csc   cs1, F_CS1(csp)
  csc   ca0, F_T(csp)
  sw    a3, F_N(csp)
  sw    a4, F_MINE(csp)
  sw    zero, F_DONE(csp)
  sw    zero, F_CODE(csp)
  sw    zero, F_WAKE(csp)
  cmove cs0, ca1
  cmove cs1, ca2
  cincaddr ca1, cs0, a4
  cjal  acquire
  bnez  a0, 1f
  li    a0, -ETIMEDOUT
  cj    leave
1:
  scope_enter F_SCOPE, copy_failed

next_round:
  lw    a0, F_DONE(csp)
  lw    a1, F_N(csp)
  bgeu  a0, a1, finished
wait_for_room:
  cjal  items
  lw    a1, F_MINE(csp)
  li    a2, 0                   # receiving: nothing to take when empty
  addi  a3, a1, -QUEUE_PRODUCER
  bnez  a3, 1f
  lw    a2, QUEUE_COUNT(cs0)    # sending: no room when full
1:
  bne   a0, a2, have_room
  li    a2, QUEUE_PRODUCER + QUEUE_CONSUMER
  sub   a1, a2, a1
  cincaddr ca1, cs0, a1         # the word of the other side
  csetbounds ca1, ca1, 4
  lw    a2, 0(ca1)
  slli  a3, a2, STOPPED_LEFT
  li    a0, -ETIMEDOUT
  bltz  a3, 2f
  clc   ca0, F_T(csp)
  li    a3, 0
  cjal  futex_timed_wait
  beqz  a0, wait_for_room
2:
  sw    a0, F_CODE(csp)
  cj    finished

have_room:                      # a0 items, a1 offset of the own word
  lw    a2, QUEUE_COUNT(cs0)
  addi  a3, a1, -QUEUE_PRODUCER
  bnez  a3, 1f
  sub   a0, a2, a0              # sending: room instead of items
1:
  cincaddr ca3, cs0, a1
  lw    a3, 0(ca3)
  slli  a3, a3, FLAG_BITS
  srli  a3, a3, FLAG_BITS       # the own counter
  bltu  a3, a2, 2f
  sub   a3, a3, a2              # the index of the slot
2:
  sub   a2, a2, a3              # elements up to the end of the ring
  bgeu  a0, a2, 3f
  mv    a2, a0
3:
  lw    a0, F_N(csp)
  lw    a4, F_DONE(csp)
  sub   a0, a0, a4
  bgeu  a0, a2, 4f
  mv    a2, a0
4:
  sw    a2, F_NUMBER(csp)
  lw    a5, QUEUE_SIZE(cs0)
  mul   a2, a2, a5              # bytes to move
  mul   a3, a3, a5
  addi  a3, a3, QUEUE_ELEMENTS
  cincaddr ca3, cs0, a3         # the slot
  mul   a4, a4, a5
  cincaddr ca4, cs1, a4         # the place in the buffer
  cmove ca0, ca3
  cmove ca1, ca4
  lw    a5, F_MINE(csp)
  addi  a5, a5, -QUEUE_PRODUCER
  beqz  a5, 5f
  cmove ca0, ca4
  cmove ca1, ca3
5:
  cjal  copy
  cjal  items                   # someone waits only if nothing could be done before this
  lw    a1, F_MINE(csp)
  li    a2, 0                   # sending: it was empty
  addi  a3, a1, -QUEUE_PRODUCER
  beqz  a3, 6f
  lw    a2, QUEUE_COUNT(cs0)    # receiving: it was full
6:
  bne   a0, a2, 7f
  li    a0, 1
  sw    a0, F_WAKE(csp)
7:
  lw    a0, F_NUMBER(csp)
  lw    a2, F_DONE(csp)
  add   a2, a2, a0
  sw    a2, F_DONE(csp)
  cincaddr ca1, cs0, a1
  lw    a2, 0(ca1)
  slli  a3, a2, FLAG_BITS
  srli  a3, a3, FLAG_BITS
  sub   a2, a2, a3              # the flags
  add   a3, a3, a0
  lw    a4, QUEUE_COUNT(cs0)
  slli  a4, a4, 1
  bltu  a3, a4, 8f
  sub   a3, a3, a4
8:
  add   a2, a2, a3
  sw    a2, 0(ca1)
  cj    next_round

copy_failed:                    # what was committed stays, but the call has failed
  sw    zero, F_DONE(csp)
  li    a0, -EPERM
  sw    a0, F_CODE(csp)
  cj    unlock
finished:
  scope_leave F_SCOPE
unlock:
  lw    a1, F_MINE(csp)
  cincaddr ca0, cs0, a1
  cjal  release
  lw    a0, F_WAKE(csp)
  beqz  a0, 1f
  lw    a1, F_MINE(csp)
  cincaddr ca0, cs0, a1
  cjal  wake_all
1:
  lw    a0, F_DONE(csp)
  bnez  a0, leave
  lw    a0, F_CODE(csp)
leave:
  clc   cs1, F_CS1(csp)
  clc   cs0, F_CS0(csp)
  clc   cra, F_RA(csp)
  cincaddr csp, csp, FRAME
  cret
.size transfer, . - transfer

# items(queue in cs0): elements in it. Uses a0 to a2.
.globl items
.hidden items
.type items, @function
items:
  lw    a0, QUEUE_PRODUCER(cs0)
  lw    a1, QUEUE_CONSUMER(cs0)
  slli  a0, a0, FLAG_BITS
  slli  a1, a1, FLAG_BITS
  srli  a0, a0, FLAG_BITS
  srli  a1, a1, FLAG_BITS
  sub   a0, a0, a1
  bgez  a0, 1f
  lw    a1, QUEUE_COUNT(cs0)
  slli  a1, a1, 1
  add   a0, a0, a1
1:
  cret
.size items, . - items

# copy(to, from, bytes): whole capabilities where both places allow it, else bytes
.type copy, @function
copy:
  beqz  a2, 3f
  or    a3, a0, a1
  andi  a3, a3, 7
  bnez  a3, 1f
  sltiu a3, a2, 8
  bnez  a3, 1f
  clc   ca4, 0(ca1)
  csc   ca4, 0(ca0)
  li    a3, 8
  cj    2f
1:
  lbu   a4, 0(ca1)
  sb    a4, 0(ca0)
  li    a3, 1
2:
  cincaddr ca0, ca0, a3
  cincaddr ca1, ca1, a3
  sub   a2, a2, a3
  cj    copy
3:
  cret
.size copy, . - copy
