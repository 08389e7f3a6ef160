# Calls with a stack that is none: none of these entries goes on after its call.

.include "../bad_stack.inc"

entry global
  clgc	csp, w_object
  cincaddr csp, csp, 256
spoilt:
1:
  auipcc ct1, %cheriot_compartment_hi(__import.entry.callee.run)
  clc	ct1, %cheriot_compartment_lo_i(1b)(ct1)
2:
  auipcc ct2, %cheriot_compartment_hi(__import.switcher)
  clc	ct2, %cheriot_compartment_lo_i(2b)(ct2)
  cjalr	ct2
  unimp				# a trap where none may be

.bss
.p2align 4
.globl w_object
.type w_object, @object
.size w_object, 256
w_object:
  .zero 256
