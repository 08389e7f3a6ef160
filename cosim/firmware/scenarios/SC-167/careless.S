# Faults with a stack that is none, in a compartment whose handler unwinds.

.include "../bad_stack.inc"

spoilt:
  .half	0			# an illegal instruction

entry compartment_error_handler
  li	a0, 1
  li	a1, 0
  cret

.bss
.p2align 3
.globl w_object
.type w_object, @object
.size w_object, 64
w_object:
  .zero 64
