# Message queues: the library form. Source: CHERIoT RTOS, message queue library (rules MQ-1 to MQ-15).
#
# A queue is one heap object: element size, number of elements, producer word, consumer word, elements. A word holds
# a counter modulo twice the number of elements, and three flags. The counters tell empty (equal) from full.
#
# Whoever uses this provides heap_allocate, heap_can_free, heap_free, futex_timed_wait and futex_wake. Interrupts are
# off here, so a load and a store of a word are one atomic update.

.include "errors.inc"
.include "queue.inc"

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
  ctail transfer
.size queue_send_multiple, . - queue_send_multiple

# int queue_receive_multiple(Timeout *t, queue *q, void *target, size_t n)
.globl queue_receive_multiple
.type queue_receive_multiple, @function
queue_receive_multiple:
  li    a4, QUEUE_CONSUMER
  ctail transfer
.size queue_receive_multiple, . - queue_receive_multiple

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
