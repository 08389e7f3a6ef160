# The smallest heap that has temporal safety: memory is handed out once and never again; freeing marks it in the
# revocation bitmap, so that no capability to it can be loaded any more. And waiting, for a program with one thread.

.include "errors.inc"
.equ GRANULE, 8                 # bytes of heap per bit of the bitmap
.equ MIN_ALIGNMENT, 8

.text

# void *heap_allocate(Timeout *t, quota, size_t size, flags): a capability to zeroed memory, or untagged
.globl heap_allocate
.type heap_allocate, @function
heap_allocate:
  clgc  ca4, heap_memory
  clc   ca3, 0(ca4)             # address: the next free byte
  addi  a2, a2, MIN_ALIGNMENT - 1
  andi  a2, a2, -MIN_ALIGNMENT
  crrl  t0, a2                  # bytes that exact bounds cover
  cram  t1, a2
  not   t1, t1                  # alignment - 1
  cgetaddr t2, ca3
  add   a0, t2, t1
  not   t1, t1
  and   a0, a0, t1              # where it starts
  add   t1, a0, t0              # where it ends
  cgettop a1, ca3
  bgtu  a2, a1, 1f              # larger than any memory: the sum may have wrapped
  bgtu  t1, a1, 1f
  csetaddr ca0, ca3, a0
  csetboundsexact ca0, ca0, t0
  csetaddr ca3, ca3, t1
  csc   ca3, 0(ca4)
  cret
1:
  li    a0, -ENOMEM
  cret
.size heap_allocate, . - heap_allocate

# int heap_can_free(quota, void *object)
.globl heap_can_free
.type heap_can_free, @function
heap_can_free:
  cgettag a0, ca1
  beqz  a0, 1f
  clgc  ca2, heap_memory
  clc   ca2, 0(ca2)
  cgetbase a2, ca2
  cgetbase a3, ca1
  bltu  a3, a2, 1f
  li    a0, 0
  cret
1:
  li    a0, -EINVAL
  cret
.size heap_can_free, . - heap_can_free

# int heap_free(quota, void *object)
.globl heap_free
.type heap_free, @function
heap_free:
  cincaddr csp, csp, -16
  csc   cra, 0(csp)
  csc   ca1, 8(csp)
  cjal  heap_can_free
  clc   ca1, 8(csp)
  bnez  a0, 2f
  clgc  ca2, revocation_bitmap
  clc   ca2, 0(ca2)
  cgetbase a3, ca1
  cgettop a4, ca1
  li    a5, PLATFORM_HEAP
  sub   a3, a3, a5
  sub   a4, a4, a5
  srli  a3, a3, 3               # granules: the first, and the one behind the last
  srli  a4, a4, 3
1:
  srli  t0, a3, 5               # set the bit of granule a3 in the word that has it
  slli  t0, t0, 2
  cincaddr ct1, ca2, t0
  lw    t0, 0(ct1)
  li    t2, 1
  sll   t2, t2, a3
  or    t0, t0, t2
  sw    t0, 0(ct1)
  addi  a3, a3, 1
  bltu  a3, a4, 1b
  li    a0, 0
2:
  clc   cra, 0(csp)
  cincaddr csp, csp, 16
  cret
.size heap_free, . - heap_free

# int futex_timed_wait(Timeout *t, const uint32_t *word, uint32_t expected, flags): nobody else runs, so a word that
# has the expected value keeps it until the time is up. t is {elapsed, remaining}, or untagged 0 for no waiting.
.globl futex_timed_wait
.type futex_timed_wait, @function
futex_timed_wait:
  lw    a3, 0(ca1)
  bne   a3, a2, 1f
  cgettag a3, ca0
  beqz  a3, 2f
  lw    a3, 0(ca0)
  lw    a4, 4(ca0)
  add   a3, a3, a4
  sw    a3, 0(ca0)
  sw    zero, 4(ca0)
2:
  li    a0, -ETIMEDOUT
  cret
1:
  li    a0, 0
  cret
.size futex_timed_wait, . - futex_timed_wait

# int futex_wake(uint32_t *word, uint32_t count): nobody waits
.globl futex_wake
.type futex_wake, @function
futex_wake:
  li    a0, 0
  cret
.size futex_wake, . - futex_wake
