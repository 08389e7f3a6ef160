# The demo: real messages through a queue, its limits and errors, a step outside a buffer, and a pointer to freed
# memory. Every call is reported, for a model to repeat it. Ends with the number of surprises as the exit code.

.include "errors.inc"
.include "scope.inc"

.equ MESSAGE, 8                 # bytes
.equ ROOM,    4                 # messages in the queue
.equ CHERI,   28                # mcause
.equ BOUNDS,  0x01              # mtval, with the number of the register above it
.equ TAG,     0x02
.equ STORE,   0x13

# A surprise is a result in a0 that is not the expected one.
.macro expect value
  li    a1, \value
  cjal  check
.endm

.macro create queue, size, count, result
  li    a0, \queue
  li    a1, \size
  li    a2, \count
  cjal  call_create
  expect \result
.endm

# Transfers use the buffer in cs0.
.macro transfer service, queue, n, result
  li    a0, \service
  li    a1, \queue
  cmove ca2, cs0
  li    a3, \n
  cjal  call_transfer
  expect \result
.endm

.macro items queue, number
  li    a0, \queue
  cjal  call_items
  mv    a0, a1
  expect \number
.endm

.macro message text, bytes=MESSAGE
  cllc  cs0, \text
  csetbounds cs0, cs0, \bytes
.endm

.macro say text
  cllc  ca0, \text
  cjal  print
.endm

# The buffer of the frame, as long as `bytes`.
.equ BUFFER_BYTES, 48
.macro buffer bytes
  cincaddr cs0, csp, F_BUFFER
  csetbounds cs0, cs0, \bytes
.endm

# Compare what arrived with the message that it should be.
.macro arrived text, bytes=MESSAGE
  message \text, \bytes
  cmove ca1, cs0
  buffer \bytes
  cmove ca0, cs0
  li    a2, \bytes
  cjal  compare
  expect 0
.endm

# Report the trap in a0 (mcause) and a1 (mtval) of an access through cs0.
.macro trapped service, offset, fault
  li    a2, \service
  li    a3, \offset
  li    a4, \fault
  cjal  call_trap
.endm
.equ REGISTER, 8                # cs0

.equ F_RA,     0
.equ F_CS0,    8
.equ F_CS1,    16
.equ F_SCOPE,  24
.equ F_BUFFER, F_SCOPE + SCOPE_BYTES
.equ FRAME,    F_BUFFER + BUFFER_BYTES

.text
.globl main
.type main, @function
main:
  cincaddr csp, csp, -FRAME
  csc   cra, F_RA(csp)
  csc   cs0, F_CS0(csp)
  csc   cs1, F_CS1(csp)
  cjal  console_init

  say   text_create
  li    a0, MESSAGE
  li    a1, ROOM
  cjal  call_allocation_size
  expect 16 + MESSAGE * ROOM
  li    a0, 0x10000
  li    a1, 0x10000
  cjal  call_allocation_size
  expect -EINVAL
  create 1, 1, 0x10000000, -EINVAL
  create 1, 1024, 1024, -ENOMEM
  create 1, MESSAGE, ROOM, 0

  say   text_messages
  items 1, 0
  message text_a
  transfer SERVICE_QUEUE_SEND, 1, 1, 0
  message text_b
  transfer SERVICE_QUEUE_SEND, 1, 1, 0
  items 1, 2
  buffer MESSAGE
  transfer SERVICE_QUEUE_RECEIVE, 1, 1, 0
  arrived text_a
  buffer MESSAGE
  transfer SERVICE_QUEUE_RECEIVE, 1, 1, 0
  arrived text_b

  say   text_limits
  buffer MESSAGE
  transfer SERVICE_QUEUE_RECEIVE, 1, 1, -ETIMEDOUT
  message text_a, 3 * MESSAGE
  transfer SERVICE_QUEUE_SEND_MULTIPLE, 1, 3, 3
  transfer SERVICE_QUEUE_SEND_MULTIPLE, 1, 3, 1
  transfer SERVICE_QUEUE_SEND, 1, 1, -ETIMEDOUT
  items 1, ROOM
  transfer SERVICE_QUEUE_SEND_MULTIPLE, 1, 0, 0
  buffer BUFFER_BYTES
  transfer SERVICE_QUEUE_RECEIVE_MULTIPLE, 1, 6, ROOM
  arrived text_a, 3 * MESSAGE
  items 1, 0

  say   text_around
.rept 3
  message text_a, 3 * MESSAGE
  transfer SERVICE_QUEUE_SEND_MULTIPLE, 1, 3, 3
  buffer BUFFER_BYTES
  transfer SERVICE_QUEUE_RECEIVE_MULTIPLE, 1, 3, 3
  arrived text_a, 3 * MESSAGE
.endr

  say   text_errors
  message text_a, 2 * MESSAGE   # the last slot of the ring takes the first message; the third is not there
  transfer SERVICE_QUEUE_SEND_MULTIPLE, 1, 3, -EPERM
  items 1, 1
  buffer MESSAGE
  transfer SERVICE_QUEUE_RECEIVE, 1, 1, 0
  arrived text_a
  message text_c, MESSAGE - 1
  transfer SERVICE_QUEUE_SEND, 1, 1, -EPERM
  cmove cs0, cnull
  transfer SERVICE_QUEUE_SEND, 1, 1, -EPERM
  items 1, 0
  message text_c
  transfer SERVICE_QUEUE_SEND, 1, 1, 0
  message text_c                # may be read only
  transfer SERVICE_QUEUE_RECEIVE, 1, 1, -EPERM
  items 1, 1
  li    a0, 1
  cjal  call_reset
  expect 0
  items 1, 0
  li    a0, 1
  cjal  call_stop
  expect 0
  message text_c
  transfer SERVICE_QUEUE_SEND, 1, 1, -ETIMEDOUT
  buffer MESSAGE
  transfer SERVICE_QUEUE_RECEIVE, 1, 1, -ETIMEDOUT
  li    a0, 1
  cjal  call_reset
  expect -ETIMEDOUT

  say   text_capability
  create 2, 8, 2, 0
  buffer BUFFER_BYTES
  cllc  ca0, text_b
  csetbounds ca0, ca0, MESSAGE
  csc   ca0, 0(cs0)
  csetbounds cs0, cs0, 8
  transfer SERVICE_QUEUE_SEND, 2, 1, 0
  csc   cnull, 0(cs0)
  transfer SERVICE_QUEUE_RECEIVE, 2, 1, 0
  clc   ca0, 0(cs0)
  cgettag a0, ca0
  expect 1

  say   text_outside
  buffer 16
  scope_enter F_SCOPE, stepped_outside
  lw    a0, 16(cs0)             # one word behind the buffer
  scope_leave F_SCOPE
  li    a0, 0
  li    a1, 0
stepped_outside:
  trapped SERVICE_TRAPPED_LOAD, 16, BOUNDS
  message text_a
  scope_enter F_SCOPE, wrote_constant
  sw    zero, 0(cs0)            # a constant may not be written
  scope_leave F_SCOPE
  li    a0, 0
  li    a1, 0
wrote_constant:
  trapped SERVICE_TRAPPED_STORE, 0, STORE

  say   text_freed
  li    a0, 2
  cjal  call_reload
  expect 1
  li    a0, 2
  cjal  call_destroy
  expect 0
  li    a0, 2
  cjal  call_reload
  expect 0
  li    a0, 2
  cjal  queue_slot
  clc   cs0, 0(ca0)             # the load filter takes the tag
  scope_enter F_SCOPE, used_freed
  lw    a0, 0(cs0)
  scope_leave F_SCOPE
  li    a0, 0
  li    a1, 0
used_freed:
  trapped SERVICE_TRAPPED_LOAD, 0, TAG

  say   text_surprises
  clgc  ca0, surprises
  lw    a0, 0(ca0)
  cjal  print_number
  say   text_end
  clgc  ca0, surprises
  lw    a0, 0(ca0)
  clc   cs1, F_CS1(csp)
  clc   cs0, F_CS0(csp)
  clc   cra, F_RA(csp)
  cincaddr csp, csp, FRAME
  cret
.size main, . - main

# check(result, expected)
check:
  beq   a0, a1, 1f
  clgc  ca2, surprises
  lw    a3, 0(ca2)
  addi  a3, a3, 1
  sw    a3, 0(ca2)
  cllc  ca0, text_surprise
  ctail print
1:
  cret

# compare(left, right, bytes): 0 if equal
compare:
  beqz  a2, 1f
  lbu   a3, 0(ca0)
  lbu   a4, 0(ca1)
  cincaddr ca0, ca0, 1
  cincaddr ca1, ca1, 1
  addi  a2, a2, -1
  beq   a3, a4, compare
  li    a0, 1
  cret
1:
  li    a0, 0
  cret

# call_trap(mcause, mtval, service, offset, fault): report the trap of an access through cs0 and check it
call_trap:
  cincaddr csp, csp, -32
  csc   cra, 0(csp)
  sw    a0, 8(csp)
  sw    a1, 12(csp)
  sw    a3, 20(csp)
  sw    a4, 24(csp)
  mv    a0, a2
  li    a1, REGISTER
  cjal  event_start
  lw    a1, 12(csp)
  sw    a1, EVENT_VALUE(ca0)
  lw    a1, 20(csp)
  sw    a1, EVENT_NUMBER(ca0)
  cgettag a1, cs0
  beqz  a1, 1f
  cgetlen a1, cs0
  sw    a1, EVENT_BUFFER(ca0)
  cgetperm a1, cs0
  sw    a1, EVENT_PERMISSIONS(ca0)
1:
  lw    a1, 8(csp)
  cllc  ca0, name_trap
  cjal  finish
  expect CHERI
  lw    a1, 24(csp)
  ori   a1, a1, REGISTER << 5
  lw    a0, 12(csp)
  cjal  check
  clc   cra, 0(csp)
  cincaddr csp, csp, 32
  cret

# call_reload(queue): report the tag of the capability to a queue, as it is loaded
call_reload:
  cincaddr csp, csp, -16
  csc   cra, 0(csp)
  sw    a0, 8(csp)
  mv    a1, a0
  li    a0, SERVICE_RELOAD
  cjal  event_start
  lw    a0, 8(csp)
  cjal  queue_slot
  clc   ca1, 0(ca0)
  cgettag a1, ca1
  cllc  ca0, name_reload
  cjal  finish
  clc   cra, 0(csp)
  cincaddr csp, csp, 16
  cret

.section .rodata
.p2align 3
text_a: .ascii "message1"
text_b: .ascii "message2"
text_c: .ascii "message3"
text_create:     .asciz "-- creation and its errors\n"
text_messages:   .asciz "-- messages\n"
text_limits:     .asciz "-- empty and full\n"
text_around:     .asciz "-- around the ring\n"
text_errors:     .asciz "-- errors\n"
text_capability: .asciz "-- a capability as a message\n"
text_outside:    .asciz "-- outside a buffer\n"
text_freed:      .asciz "-- freed memory\n"
text_surprise:   .asciz "surprise!\n"
text_surprises:  .asciz "surprises: "
text_end:        .asciz "\n"
name_trap:       .asciz "trap, mcause           "
name_reload:     .asciz "queue reloaded, tag    "

.bss
.p2align 2
surprises: .space 4
.size surprises, 4
