# Entering and leaving error-handling scopes (CP-34). Part of each compartment and library that uses them.

.include "scope.inc"

.text

# int unwind_protect(void (*body)(void *), void *argument)
.globl unwind_protect
.type unwind_protect, @function
unwind_protect:
  cincaddrimm csp, csp, -SCOPE_BYTES
  csc	cra, SCOPE_ENV + ENV_CRA(csp)
  csc	cs0, SCOPE_ENV + ENV_CS0(csp)
  csc	cs1, SCOPE_ENV + ENV_CS1(csp)
  cincaddrimm ct1, csp, SCOPE_BYTES
  csc	ct1, SCOPE_ENV + ENV_CSP(csp)
  scope_slot ct0
  clc	ct1, 0(ct0)
  csc	ct1, SCOPE_OUTER(csp)
  csc	csp, 0(ct0)
  cmove	ct1, ca0
  cmove	ca0, ca1
  cjalr	ct1
  scope_slot ct0
  clc	ct1, SCOPE_OUTER(csp)
  csc	ct1, 0(ct0)
  clc	cra, SCOPE_ENV + ENV_CRA(csp)
  cincaddrimm csp, csp, SCOPE_BYTES
  li	a0, 0
  li	a1, 0
  cret
.size unwind_protect, . - unwind_protect

# void cleanup_unwind(void): with an empty list the load below is the fault.
.globl cleanup_unwind
.type cleanup_unwind, @function
cleanup_unwind:
  scope_slot ct0
  clc	cs0, 0(ct0)
  clc	ct1, SCOPE_OUTER(cs0)
  csc	ct1, 0(ct0)
  scope_resume
  cret
.size cleanup_unwind, . - cleanup_unwind
