# Message queues: the library form. Source: CHERIoT RTOS, message queue library (rules MQ-1 to MQ-15).
#
# A queue is one heap object: element size, number of elements, producer word, consumer word, elements. A word holds
# a counter modulo twice the number of elements, and three flags. The counters tell empty (equal) from full.
#
# Whoever uses this provides heap_allocate, heap_can_free, heap_free, futex_timed_wait and futex_wake. Interrupts are
# off here, so a load and a store of a word are one atomic update.

.include "errors.inc"
.include "scope.inc"

.equ QUEUE_SIZE,     0
.equ QUEUE_COUNT,    4
.equ QUEUE_PRODUCER, 8
.equ QUEUE_CONSUMER, 12
.equ QUEUE_ELEMENTS, 16

.equ FLAG_BITS,    3            # of a word, from bit 31 down: locked, waiters, stopped
.equ STOPPED_LEFT, 2            # a shift to the left brings this flag to the sign
.equ WAITERS_LEFT, 1

.text

# int queue_allocation_size(size_t size, size_t count)
.globl queue_allocation_size
.type queue_allocation_size, @function
queue_allocation_size:
  srli  a2, a1, 28              # twice the count must not reach the flags
  bnez  a2, 1f
  mulhu a2, a0, a1
  bnez  a2, 1f
  mul   a0, a0, a1
  addi  a1, a0, QUEUE_ELEMENTS
  bltu  a1, a0, 1f
  mv    a0, a1
  cret
1:
  li    a0, -EINVAL
  cret
.size queue_allocation_size, . - queue_allocation_size

# int queue_create(Timeout *t, quota, queue **out, size_t size, size_t count)
.equ CREATE_FRAME, 48
.globl queue_create
.type queue_create, @function
queue_create:
  cincaddr csp, csp, -CREATE_FRAME
  csc   cra, 0(csp)
  csc   cs0, 8(csp)
  csc   ca0, 16(csp)
  csc   ca1, 24(csp)
  sw    a3, 32(csp)
  sw    a4, 36(csp)
  cmove cs0, ca2
  mv    a0, a3
  mv    a1, a4
  cjal  queue_allocation_size
  bltz  a0, 1f
  mv    a2, a0
  clc   ca0, 16(csp)
  clc   ca1, 24(csp)
  cjal  heap_allocate
  cgettag a1, ca0
  beqz  a1, 2f
  lw    a1, 32(csp)
  sw    a1, QUEUE_SIZE(ca0)
  lw    a1, 36(csp)
  sw    a1, QUEUE_COUNT(ca0)
  csc   ca0, 0(cs0)
  li    a0, 0
  cj    3f
1:
  li    a0, -EINVAL
  cj    3f
2:
  li    a0, -ENOMEM
3:
  clc   cs0, 8(csp)
  clc   cra, 0(csp)
  cincaddr csp, csp, CREATE_FRAME
  cret
.size queue_create, . - queue_create

# int queue_send(Timeout *t, queue *q, const void *source)
.globl queue_send
.type queue_send, @function
queue_send:
  li    a4, QUEUE_PRODUCER
  cj    transfer_one
.size queue_send, . - queue_send

# int queue_receive(Timeout *t, queue *q, void *target)
.globl queue_receive
.type queue_receive, @function
queue_receive:
  li    a4, QUEUE_CONSUMER
transfer_one:
  cincaddr csp, csp, -16
  csc   cra, 0(csp)
  li    a3, 1
  cjal  transfer
  addi  a1, a0, -1              # one element transferred is success, 0
  bnez  a1, 1f
  li    a0, 0
1:
  clc   cra, 0(csp)
  cincaddr csp, csp, 16
  cret
.size queue_receive, . - queue_receive

# int queue_send_multiple(Timeout *t, queue *q, const void *source, size_t n)
.globl queue_send_multiple
.type queue_send_multiple, @function
queue_send_multiple:
  li    a4, QUEUE_PRODUCER
  cj    transfer
.size queue_send_multiple, . - queue_send_multiple

# int queue_receive_multiple(Timeout *t, queue *q, void *target, size_t n)
.globl queue_receive_multiple
.type queue_receive_multiple, @function
queue_receive_multiple:
  li    a4, QUEUE_CONSUMER
.size queue_receive_multiple, . - queue_receive_multiple

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

# acquire(t, word): 1 when the endpoint is locked, 0 on time-out or stop
.equ ACQUIRE_FRAME, 32
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

# release(word): unlock, and wake whoever waits for the lock
release:
  lw    a1, 0(ca0)
  slli  a2, a1, 2               # without locked and waiters
  srli  a2, a2, 2
  sw    a2, 0(ca0)
  slli  a1, a1, WAITERS_LEFT
  bltz  a1, wake_all
  cret

# wake_all(word)
wake_all:
  csetbounds ca0, ca0, 4
  li    a1, -1
  ctail futex_wake

# copy(to, from, bytes): whole capabilities where both places allow it, else bytes
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

# int queue_items_remaining(queue *q, size_t *out)
.globl queue_items_remaining
.type queue_items_remaining, @function
queue_items_remaining:
  cincaddr csp, csp, -32
  csc   cra, 0(csp)
  csc   cs0, 8(csp)
  csc   ca1, 16(csp)
  cmove cs0, ca0
  cjal  items
  clc   ca1, 16(csp)
  sw    a0, 0(ca1)
  li    a0, 0
  clc   cs0, 8(csp)
  clc   cra, 0(csp)
  cincaddr csp, csp, 32
  cret
.size queue_items_remaining, . - queue_items_remaining

# int queue_stop(queue *q)
.globl queue_stop
.type queue_stop, @function
queue_stop:
  cincaddr csp, csp, -16
  csc   cra, 0(csp)
  csc   cs0, 8(csp)
  cmove cs0, ca0
  lui   a1, 1 << (31 - STOPPED_LEFT - 12)
  lw    a0, QUEUE_PRODUCER(cs0)
  or    a0, a0, a1
  sw    a0, QUEUE_PRODUCER(cs0)
  lw    a0, QUEUE_CONSUMER(cs0)
  or    a0, a0, a1
  sw    a0, QUEUE_CONSUMER(cs0)
  cincaddr ca0, cs0, QUEUE_PRODUCER
  cjal  wake_all
  cincaddr ca0, cs0, QUEUE_CONSUMER
  cjal  wake_all
  li    a0, 0
  clc   cs0, 8(csp)
  clc   cra, 0(csp)
  cincaddr csp, csp, 16
  cret
.size queue_stop, . - queue_stop

# int queue_reset(Timeout *t, queue *q)
.globl queue_reset
.type queue_reset, @function
queue_reset:
  cincaddr csp, csp, -32
  csc   cra, 0(csp)
  csc   cs0, 8(csp)
  csc   ca0, 16(csp)
  cmove cs0, ca1
  cincaddr ca1, cs0, QUEUE_PRODUCER
  cjal  acquire
  beqz  a0, 2f
  clc   ca0, 16(csp)
  cincaddr ca1, cs0, QUEUE_CONSUMER
  cjal  acquire
  beqz  a0, 1f
  lui   a1, 1 << (31 - STOPPED_LEFT - 12)
  lw    a0, QUEUE_PRODUCER(cs0)
  and   a0, a0, a1              # nothing stays but a stop
  sw    a0, QUEUE_PRODUCER(cs0)
  lw    a0, QUEUE_CONSUMER(cs0)
  and   a0, a0, a1
  sw    a0, QUEUE_CONSUMER(cs0)
  cincaddr ca0, cs0, QUEUE_PRODUCER
  cjal  wake_all
  cincaddr ca0, cs0, QUEUE_CONSUMER
  cjal  wake_all
  li    a0, 0
  cj    3f
1:
  cincaddr ca0, cs0, QUEUE_PRODUCER
  cjal  release
2:
  li    a0, -ETIMEDOUT
3:
  clc   cs0, 8(csp)
  clc   cra, 0(csp)
  cincaddr csp, csp, 32
  cret
.size queue_reset, . - queue_reset

# int queue_destroy(quota, queue *q)
.globl queue_destroy
.type queue_destroy, @function
queue_destroy:
  cincaddr csp, csp, -32
  csc   cra, 0(csp)
  csc   ca0, 8(csp)
  csc   ca1, 16(csp)
  cjal  heap_can_free
  bnez  a0, 1f
  clc   ca0, 16(csp)
  cjal  queue_stop
  clc   ca0, 8(csp)
  clc   ca1, 16(csp)
  cjal  heap_free
1:
  clc   cra, 0(csp)
  cincaddr csp, csp, 32
  cret
.size queue_destroy, . - queue_destroy
