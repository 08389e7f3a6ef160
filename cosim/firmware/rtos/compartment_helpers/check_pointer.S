# bool check_pointer(const volatile void *p, uint32_t permissions, size_t space, bool checkStack, bool strict): CP-7.
# Beside the result, ca1 is the pointer; in strict mode with these permissions and bounds only.

.equ PERM_GL, 1

.text
.globl check_pointer
.type check_pointer, @function
check_pointer:
  cgettag t0, ca0
  beqz	t0, no
  cgettype t0, ca0
  bnez	t0, no
  cgetperm t0, ca0
  and	t0, t0, a1
  bne	t0, a1, no
  cgettop t0, ca0			# no address below the base has a tag
  bltu	t0, a0, no
  sub	t1, t0, a0
  bltu	t1, a2, no
  beqz	a3, yes
  andi	t1, a1, PERM_GL
  bnez	t1, yes			# a stack is never global
  cgetbase t1, ca0
  cgettop t2, csp
  bgeu	t1, t2, yes
  cgetbase t1, csp
  bltu	t1, t0, no
yes:
  cmove	ca3, ca0
  beqz	a4, 1f
  csetbounds ca3, ca0, a2
  candperm ca3, ca3, a1
1:
  cmove	ca1, ca3
  li	a0, 1
  cret
no:
  li	a0, 0
  li	a1, 0
  cret
.size check_pointer, . - check_pointer
