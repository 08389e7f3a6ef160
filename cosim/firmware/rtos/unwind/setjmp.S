# setjmp and longjmp, inside one compartment. A jump buffer lies on the stack: nothing else may hold what is in it. The
# return capability is a sentry, so the interrupt posture of the caller of setjmp comes back also.

.include "scope.inc"

.text

# int setjmp(jmp_buf env)
.globl setjmp
.type setjmp, @function
setjmp:
  csc	cs0, ENV_CS0(ca0)
  csc	cs1, ENV_CS1(ca0)
  csc	csp, ENV_CSP(ca0)
  csc	cra, ENV_CRA(ca0)
  li	a0, 0
  cret
.size setjmp, . - setjmp

# void longjmp(jmp_buf env, int value)
.globl longjmp
.type longjmp, @function
longjmp:
  clc	cs0, ENV_CS0(ca0)
  clc	cs1, ENV_CS1(ca0)
  clc	csp, ENV_CSP(ca0)
  clc	cra, ENV_CRA(ca0)
  seqz	a0, a1			# setjmp never returns 0 twice
  add	a0, a0, a1
  cret
.size longjmp, . - longjmp
