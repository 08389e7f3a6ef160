# Two faults with room for a register frame, one without. A stackless handler has no register frame, so to resume it
# makes one of its own: here it goes on behind the last fault with the stack that `run` was entered with, where `run`
# has left its return capability.

.equ FRAME_CSP, 16
.equ FRAME_CGP, 24
.equ FRAME_BYTES, 128
.equ SAVED_CRA, FRAME_BYTES
.equ BELOW, FRAME_BYTES + 32	# of the stack that `run` was entered with
.equ OWN_CRA, -8

.text
.globl run
.type run, @function
run:
  csc	cra, OWN_CRA(csp)
  cincaddr csp, csp, -16
  sw	zero, 0(cnull)
  .half	0			# an illegal instruction
  cgetbase t0, csp
  addi	t0, t0, 64		# too little for a register frame
  csetaddr csp, csp, t0
  sw	zero, 0(cnull)
behind:
  clc	cra, OWN_CRA(csp)
  li	a0, 5
  li	a1, 0
  cret

.globl compartment_error_handler_stackless
.type compartment_error_handler_stackless, @function
compartment_error_handler_stackless:
  cincaddr csp, csp, -BELOW
  csc	cra, SAVED_CRA(csp)
  cjal	stackless_checks
  cincaddr ct0, csp, FRAME_BYTES
1:
  cincaddr ct0, ct0, -8
  csc	cnull, 0(ct0)
  bne	t0, sp, 1b
  cllc	ct0, behind
  csc	ct0, 0(csp)
  cincaddr ct0, csp, BELOW
  csc	ct0, FRAME_CSP(csp)
  csc	cgp, FRAME_CGP(csp)
  clc	cra, SAVED_CRA(csp)
  li	a0, 0
  li	a1, 0
  cret
