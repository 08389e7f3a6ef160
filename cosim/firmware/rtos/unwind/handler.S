# The scoped error handler (CP-34): a fault continues in the handler block of the innermost scope. Part of each
# compartment that has it. The switcher enters it on the invocation's whole stack, so it works when the stack has overflowed.

.include "scope.inc"

.text

# enum ErrorRecoveryBehaviour compartment_error_handler_stackless(size_t mcause, size_t mtval)
.globl compartment_error_handler_stackless
.type compartment_error_handler_stackless, @function
compartment_error_handler_stackless:
  scope_slot ct0
  clc	cs0, 0(ct0)
  cgettag t1, cs0
  beqz	t1, unwind
  clc	ct1, SCOPE_OUTER(cs0)
  csc	ct1, 0(ct0)
reset:
  auipcc ct1, %cheriot_compartment_hi(__import.sentry.switcher_handler_invocation_count_reset)
  clc	ct1, %cheriot_compartment_lo_i(reset)(ct1)
  cjalr	ct1
  scope_resume
observe_scoped:
  cret
unwind:
  li	a0, 1			# ForceUnwind
  cret
.size compartment_error_handler_stackless, . - compartment_error_handler_stackless
