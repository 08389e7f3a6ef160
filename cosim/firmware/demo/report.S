# Service calls of the demo, each reported as an event (a record of words, see EVENT_*) and as a line of text.

.include "platform.inc"
.equ EVENT_BYTES, EVENT_LENGTH + 4
.equ PERM_LD, 0x020

.text

# event_start(service, queue): a record with these, the rest zero; ca0 is the record
.globl event_start
.type event_start, @function
event_start:
  clgc  ca2, event
  li    a3, 0
1:
  cincaddr ca4, ca2, a3
  sw    zero, 0(ca4)
  addi  a3, a3, 4
  sltiu a4, a3, EVENT_BYTES
  bnez  a4, 1b
  sw    a0, EVENT_SERVICE(ca2)
  sw    a1, EVENT_QUEUE(ca2)
  li    a3, 1                   # the only thread
  sw    a3, EVENT_THREAD(ca2)
  cmove ca0, ca2
  cret
.size event_start, . - event_start

# event_end(): send the record; the word that closes it is the last
.globl event_end
.type event_end, @function
event_end:
  clgc  ca0, event
  clgc  ca1, simulation_control
  clc   ca1, 0(ca1)
  cincaddr ca1, ca1, SIMCTL_WINDOW
  li    a2, 0
1:
  cincaddr ca3, ca0, a2
  lw    a4, 0(ca3)
  cincaddr ca3, ca1, a2
  sw    a4, 0(ca3)
  addi  a2, a2, 4
  sltiu a4, a2, EVENT_BYTES
  bnez  a4, 1b
  cret
.size event_end, . - event_end

# finish(name of the service, result): print and send the record with the result; a0 is the result
.globl finish
.type finish, @function
finish:
  cincaddr csp, csp, -16
  csc   cra, 0(csp)
  csc   cs0, 8(csp)
  mv    s0, a1
  clgc  ca2, event
  sw    a1, EVENT_RESULT(ca2)
  cjal  print
  mv    a0, s0
  cjal  print_number
  clgc  ca0, event
  lw    a0, EVENT_VALUE(ca0)
  beqz  a0, 1f
  cllc  ca0, text_value
  cjal  print
  clgc  ca0, event
  lw    a0, EVENT_VALUE(ca0)
  cjal  print_number
1:
  cllc  ca0, newline
  cjal  print
  cjal  event_end
  mv    a0, s0
  clc   cs0, 8(csp)
  clc   cra, 0(csp)
  cincaddr csp, csp, 16
  cret
.size finish, . - finish

# queue_slot(number): ca0 is where the capability to that queue is kept
.globl queue_slot
.type queue_slot, @function
queue_slot:
  clgc  ca1, queues
  slli  a0, a0, 3
  cincaddr ca0, ca1, a0
  csetbounds ca0, ca0, 8
  cret
.size queue_slot, . - queue_slot

# call_allocation_size(size, count)
.globl call_allocation_size
.type call_allocation_size, @function
call_allocation_size:
  cincaddr csp, csp, -16
  csc   cra, 0(csp)
  sw    a0, 8(csp)
  sw    a1, 12(csp)
  li    a0, SERVICE_QUEUE_ALLOCATION_SIZE
  li    a1, 0
  cjal  event_start
  lw    a1, 12(csp)
  sw    a1, EVENT_BUFFER(ca0)
  lw    a2, 8(csp)
  sw    a2, EVENT_NUMBER(ca0)
  mv    a0, a2
  cjal  queue_allocation_size
  mv    a1, a0
  cllc  ca0, name_allocation_size
  cjal  finish
  clc   cra, 0(csp)
  cincaddr csp, csp, 16
  cret
.size call_allocation_size, . - call_allocation_size

# call_create(queue, size, count)
.globl call_create
.type call_create, @function
call_create:
  cincaddr csp, csp, -32
  csc   cra, 0(csp)
  sw    a0, 8(csp)
  sw    a1, 12(csp)
  sw    a2, 16(csp)
  mv    a1, a0
  li    a0, SERVICE_QUEUE_CREATE
  cjal  event_start
  lw    a1, 12(csp)
  sw    a1, EVENT_NUMBER(ca0)
  lw    a2, 16(csp)
  sw    a2, EVENT_BUFFER(ca0)
  lw    a0, 8(csp)
  cjal  queue_slot
  cmove ca2, ca0
  cmove ca0, cnull              # no waiting
  cmove ca1, cnull              # this heap has no quotas
  lw    a3, 12(csp)
  lw    a4, 16(csp)
  cjal  queue_create
  mv    a1, a0
  cllc  ca0, name_create
  cjal  finish
  clc   cra, 0(csp)
  cincaddr csp, csp, 32
  cret
.size call_create, . - call_create

# call_transfer(service, queue, buffer, n): one of the four services that move elements, without waiting
.equ T_RA,    0
.equ T_CS0,   8
.equ T_CS1,   16
.equ T_QUEUE, 24
.equ T_SERVICE, 32
.equ T_N,     36
.globl call_transfer
.type call_transfer, @function
call_transfer:
  cincaddr csp, csp, -48
  csc   cra, T_RA(csp)
  csc   cs0, T_CS0(csp)
  csc   cs1, T_CS1(csp)
  sw    a0, T_SERVICE(csp)
  sw    a3, T_N(csp)
  cmove cs1, ca2
  mv    s0, a1
  cjal  event_start
  lw    a3, T_N(csp)
  sw    a3, EVENT_NUMBER(ca0)
  cgettag a1, cs1
  beqz  a1, 1f
  cgetaddr a1, cs1
  cgettop a2, cs1
  sub   a2, a2, a1
  sw    a2, EVENT_BUFFER(ca0)
  cgetperm a2, cs1
  sw    a2, EVENT_PERMISSIONS(ca0)
1:
  mv    a1, s0
  cmove cs0, ca0                # the record, from here on
  mv    a0, a1
  cjal  queue_slot
  clc   ca1, 0(ca0)
  csc   ca1, T_QUEUE(csp)
  lw    a0, T_SERVICE(csp)
  sltiu a2, a0, SERVICE_QUEUE_RECEIVE
  beqz  a2, 2f
  lw    a0, T_N(csp)            # what is sent, before it is
  cjal  event_data
2:
  cmove ca0, cnull              # no waiting
  clc   ca1, T_QUEUE(csp)
  cmove ca2, cs1
  lw    a3, T_N(csp)
  lw    a4, T_SERVICE(csp)
  li    a5, SERVICE_QUEUE_SEND
  beq   a4, a5, 3f
  li    a5, SERVICE_QUEUE_SEND_MULTIPLE
  beq   a4, a5, 4f
  li    a5, SERVICE_QUEUE_RECEIVE
  beq   a4, a5, 5f
  cjal  queue_receive_multiple
  cllc  ca2, name_receive_multiple
  mv    a3, a0                  # what arrived
  cj    6f
3:
  cjal  queue_send
  cllc  ca2, name_send
  cj    7f
4:
  cjal  queue_send_multiple
  cllc  ca2, name_send_multiple
  cj    7f
5:
  cjal  queue_receive
  cllc  ca2, name_receive
  seqz  a3, a0
6:
  blez  a3, 7f
  sw    a0, EVENT_RESULT(cs0)
  csc   ca2, T_SERVICE(csp)
  clc   ca1, T_QUEUE(csp)
  mv    a0, a3
  cjal  event_data
  clc   ca2, T_SERVICE(csp)
  lw    a0, EVENT_RESULT(cs0)
7:
  mv    a1, a0
  cmove ca0, ca2
  cjal  finish
  clc   cs1, T_CS1(csp)
  clc   cs0, T_CS0(csp)
  clc   cra, T_RA(csp)
  cincaddr csp, csp, 48
  cret
.size call_transfer, . - call_transfer

# event_data(n, queue in ca1): note the first bytes of n elements in the buffer cs1 in the record cs0, as far as the
# buffer can be read
event_data:
  cgettag a2, cs1
  beqz  a2, 4f
  cgetperm a2, cs1
  andi  a2, a2, PERM_LD
  beqz  a2, 4f
  lw    a2, 0(ca1)              # the element's size
  mul   a0, a0, a2
  lw    a2, EVENT_BUFFER(cs0)
  bleu  a0, a2, 1f
  mv    a0, a2
1:
  li    a2, EVENT_DATA_BYTES
  bleu  a0, a2, 2f
  mv    a0, a2
2:
  sw    a0, EVENT_LENGTH(cs0)
  cincaddr ca3, cs0, EVENT_DATA
  cmove ca4, cs1
3:
  beqz  a0, 4f
  lbu   a2, 0(ca4)
  sb    a2, 0(ca3)
  cincaddr ca3, ca3, 1
  cincaddr ca4, ca4, 1
  addi  a0, a0, -1
  cj    3b
4:
  cret

# call_items(queue): a1 is the number of items
.globl call_items
.type call_items, @function
call_items:
  cincaddr csp, csp, -32
  csc   cra, 0(csp)
  sw    a0, 8(csp)
  mv    a1, a0
  li    a0, SERVICE_QUEUE_ITEMS_REMAINING
  cjal  event_start
  lw    a0, 8(csp)
  cjal  queue_slot
  clc   ca0, 0(ca0)
  cincaddr ca1, csp, 16
  csetbounds ca1, ca1, 4
  cjal  queue_items_remaining
  mv    a1, a0
  clgc  ca2, event
  lw    a3, 16(csp)
  sw    a3, EVENT_VALUE(ca2)
  cllc  ca0, name_items
  cjal  finish
  lw    a1, 16(csp)
  clc   cra, 0(csp)
  cincaddr csp, csp, 32
  cret
.size call_items, . - call_items

# call_stop(queue), call_reset(queue), call_destroy(queue)
.macro call_on_queue name, service, text, queue_register, setup:vararg
.globl call_\name
.type call_\name, @function
call_\name:
  cincaddr csp, csp, -16
  csc   cra, 0(csp)
  sw    a0, 8(csp)
  mv    a1, a0
  li    a0, \service
  cjal  event_start
  lw    a0, 8(csp)
  cjal  queue_slot
  clc   \queue_register, 0(ca0)
  \setup
  cjal  queue_\name
  mv    a1, a0
  cllc  ca0, \text
  cjal  finish
  clc   cra, 0(csp)
  cincaddr csp, csp, 16
  cret
.size call_\name, . - call_\name
.endm
call_on_queue stop,    SERVICE_QUEUE_STOP,    name_stop,    ca0
call_on_queue reset,   SERVICE_QUEUE_RESET,   name_reset,   ca1, cmove ca0, cnull
call_on_queue destroy, SERVICE_QUEUE_DESTROY, name_destroy, ca1, cmove ca0, cnull

.section .rodata
name_allocation_size:  .asciz "queue_allocation_size  "
name_create:           .asciz "queue_create           "
name_send:             .asciz "queue_send             "
name_send_multiple:    .asciz "queue_send_multiple    "
name_receive:          .asciz "queue_receive          "
name_receive_multiple: .asciz "queue_receive_multiple "
name_items:            .asciz "queue_items_remaining  "
name_stop:             .asciz "queue_stop             "
name_reset:            .asciz "queue_reset            "
name_destroy:          .asciz "queue_destroy          "
text_value:            .asciz ", value "
newline:               .asciz "\n"

.bss
.p2align 3
event: .space EVENT_BYTES
.size event, EVENT_BYTES
.globl event
.p2align 3
queues: .space 8 * 8
.size queues, 64
