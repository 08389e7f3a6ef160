# The handler asks to resume behind the illegal instruction, with a stack pointer that has lost its tag.

.equ FRAME_PC, 0
.equ FRAME_CSP, 16

.text
.globl run
.type run, @function
run:
  .half	0
  sw	zero, -16(csp)
  unimp				# not reached

.globl compartment_error_handler
.type compartment_error_handler, @function
compartment_error_handler:
  lw	t0, FRAME_PC(ca0)
  addi	t0, t0, 2
  sw	t0, FRAME_PC(ca0)
  clc	ct0, FRAME_CSP(ca0)
  ccleartag ct0, ct0
  csc	ct0, FRAME_CSP(ca0)
  li	a0, 0
  li	a1, 0
  cret

.bss
.p2align 3
.globl w_lock, w_n, w_object
.type w_lock, @object
.type w_n, @object
.type w_object, @object
.size w_lock, 4
.size w_n, 4
.size w_object, 64
w_object:
  .zero 64
w_lock:
  .zero 4
w_n:
  .zero 4
