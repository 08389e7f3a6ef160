# Library functions of the switcher; their sentries disable interrupts. They use no stack and no registers but those
# of arguments. Of these only ca0 ever holds a trusted stack, and the result overwrites it.

.macro helper name
.globl \name
.type \name, @function
\name:
.endm

# bool trusted_stack_has_space(n): are more than n frames free?
helper trusted_stack_has_space
  srli  a1, a0, 16
  bnez  a1, 1f                  # more than any trusted stack has; 24 * n might wrap
  li    a1, FRAME_BYTES
  mul   a2, a0, a1
  cspecialr ca0, mtdc
  lhu   a1, TS_FRAME_OFFSET(ca0)
  cgetlen a0, ca0
  sub   a0, a0, a1
  sltu  a0, a2, a0
  cret
1:
  li    a0, 0
  cret

# void *switcher_recover_stack(): the stack that this invocation was entered with
helper switcher_recover_stack
  cspecialr ca0, mtdc
  lhu   a1, TS_FRAME_OFFSET(ca0)
  addi  a1, a1, -FRAME_BYTES
  addi  a2, a1, -TS_FRAMES
  cincaddr ca0, ca0, a1
  clc   ca0, FRAME_CSP(ca0)
  beqz  a2, 1f                  # the first frame has what the thread was started with
  cgetbase a1, ca0
  sub   a2, a0, a1
  csetaddr ca0, ca0, a1
  csetboundsrounddown ca0, ca0, a2
1:
  cret

# void **switcher_thread_hazard_slots()
helper switcher_thread_hazard_slots
  cspecialr ca0, mtdc
  clc   ca0, TS_HAZARDS(ca0)
  cret

# ptraddr_t stack_lowest_used_address()
helper stack_lowest_used_address
  csrr  a0, mshwm
  cret

# uint16_t switcher_handler_invocation_count_reset(): the count so far
helper switcher_handler_invocation_count_reset
  cspecialr ca0, mtdc
  lhu   a1, TS_FRAME_OFFSET(ca0)
  addi  a1, a1, -FRAME_BYTES
  cincaddr ca0, ca0, a1
  lhu   a1, FRAME_FAULTS(ca0)
  sh    zero, FRAME_FAULTS(ca0)
  mv    a0, a1
  cret

# uint16_t thread_id_get(): 0 where there is no thread
helper thread_id_get
  cspecialr ca0, mtdc
  cgettag a1, ca0
  beqz  a1, 1f
  lhu   a0, TS_THREAD(ca0)
1:
  cret
