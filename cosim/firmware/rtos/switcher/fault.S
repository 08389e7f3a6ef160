# Synchronous faults. The compartment of the present invocation may have a handler: rich, which sees the registers and
# runs below the stack in use, or stackless, which gets the invocation's stack anew. Without one, or if it says so, or
# after too many faults, or for a fault in the switcher, the invocation is discarded.

# csp is the trusted stack, ct0 the PCC of the fault, t1 mcause. MTDC is null.
handle_fault:
  cspecialw mtdc, csp
observe_fault:
  # In the switcher? Only a tagged PCC says so: the base of an untagged one means nothing.
  auipcc cs0, 0
  cgetbase s0, cs0
  cgetbase s1, ct0
  bne   s0, s1, 1f
  cgettag s1, ct0
  bnez  s1, fault_in_switcher
1:
  lhu   s0, TS_FRAME_OFFSET(csp)
  li    s1, TS_FRAMES
  bgeu  s1, s0, thread_exit     # an exited thread
  addi  s0, s0, -FRAME_BYTES
  cincaddr cs0, csp, s0         # the frame
  clc   cs1, FRAME_EXPORT(cs0)
  cgetbase t0, cs1
  csetaddr cs1, cs1, t0         # the export table
  li    t1, NO_HANDLER

  # rich: if there is one, and the stack can hold a register frame
  lhu   t0, EXPORTS_HANDLER(cs1)
  beq   t0, t1, try_stackless
  clc   ct2, TS_CSP(csp)
  cgetperm a0, ct2
  andi  a0, a0, PERM_LD | PERM_SD | PERM_MC
  addi  a0, a0, -(PERM_LD | PERM_SD | PERM_MC)
  bnez  a0, try_stackless
  cgetbase a0, ct2
  cgettop a1, ct2
  cincaddr ct2, ct2, -REGISTER_FRAME
  cgettag a2, ct2               # gone also if that is below the base
  beqz  a2, try_stackless
  bltu  a1, t2, try_stackless
  cjal  ctp, count_fault
  cjal  ctp, enter_compartment
  clc   ct0, TS_PCC(csp)
  ccleartag ct0, ct0
  csc   ct0, TS_PCC(ct2)
  cincaddr ca0, ct2, FIRST_REGISTER
  cincaddr ca1, csp, FIRST_REGISTER
  copy_registers ca0, ca1, ca2, a3
  cmove ca0, ct2
  lw    a1, TS_MCAUSE(csp)
  csrr  a2, mtval
  cmove csp, ct2
observe_rich:
  cj    run_handler

try_stackless:
  lhu   t0, EXPORTS_STACKLESS(cs1)
  beq   t0, t1, switcher_unwind
  cjal  ctp, count_fault
  cjal  ctp, enter_compartment
  lw    a0, TS_MCAUSE(csp)
  csrr  a1, mtval
  zero  a2
  cincaddr ct1, csp, TS_FRAMES
  clc   ct2, FRAME_CSP(cs0)
  beq   s0, t1, observe_stackless   # the first frame has what the thread was started with
  cgetbase t0, ct2
  sub   t1, t2, t0
  csetaddr ct2, ct2, t0
  csetboundsrounddown ct2, ct2, t1
  cgettop t0, ct2
  addi  t0, t0, -SLOTS_BYTES
  csetaddr ct2, ct2, t0
observe_stackless:
  cmove csp, ct2
run_handler:
  csrsi mstatus, MSTATUS_MIE    # whatever the code that faulted had
  zero  tp, t0, t1, t2, s0, s1, a3, a4, a5
  cjalr cra

# The handler's answer, in a0. Only a return sentry leads here, but it may have been kept from before, so csp and what
# lies there may be anything; a fault discards the invocation.
handler_answers:
  csrci mstatus, MSTATUS_MIE
observe_handled:
  bnez  a0, switcher_unwind
  cspecialr ct1, mtdc
  lhu   s0, TS_FRAME_OFFSET(ct1)
  addi  s0, s0, -FRAME_BYTES
  cincaddr cs0, ct1, s0
  clc   cs1, FRAME_EXPORT(cs0)
  cgetbase t0, cs1
  csetaddr cs1, cs1, t0
  clc   ct2, EXPORTS_PCC(cs1)
  # The context to install: PC as an address in the compartment's code, other registers as they are.
  lw    t0, TS_PCC(csp)
  csetaddr ct2, ct2, t0
  csc   ct2, TS_PCC(ct1)
  cincaddr ca0, ct1, FIRST_REGISTER
  cincaddr ca1, csp, FIRST_REGISTER
  copy_registers ca0, ca1, ca2, a3
  cmove csp, ct1
  cmove ct0, ct2
  # Nothing after this faults.
  lhu   t1, FRAME_FAULTS(cs0)
  addi  t1, t1, 1
  sh    t1, FRAME_FAULTS(cs0)
  csrr  t1, mshwm               # the handler may have used more stack
  sw    t1, TS_MSHWM(csp)
  li    t1, MSTATUS_MPP | MSTATUS_MPIE
  lhu   t2, FRAME_MASKED(cs0)
  beqz  t2, 1f
  li    t1, MSTATUS_MPP
1:
  sw    t1, TS_MSTATUS(csp)
  cj    resume

# Count that a handler starts in the frame in cs0, and note the interrupt posture of the code that faulted. A count
# that becomes even is a fault in a handler. Returns to ctp. Changes a0, a1.
count_fault:
  lhu   a0, FRAME_FAULTS(cs0)
  addi  a0, a0, 1
  sh    a0, FRAME_FAULTS(cs0)
  andi  a1, a0, 1
  beqz  a1, switcher_unwind
  li    a1, MAX_FAULT_COUNT
  bgtu  a0, a1, switcher_unwind
  lw    a0, TS_MSTATUS(csp)
  andi  a0, a0, MSTATUS_MPIE
  seqz  a0, a0
  sh    a0, FRAME_MASKED(cs0)
  cjr   ctp

# cra := offset t0 in the code of the compartment with export table cs1, cgp := its globals. Returns to ctp.
enter_compartment:
  clc   cra, EXPORTS_PCC(cs1)
  clc   cgp, EXPORTS_CGP(cs1)
  cincaddr cra, cra, t0
  cjr   ctp

# csp is the trusted stack, ct0 the PCC of the fault. Only for the first store to a caller's stack, through a tagged
# capability, is there another answer: the caller has no room for a call. Its registers are as it left them.
fault_in_switcher:
  cllc  cs0, switcher_first_spill
  bne   s0, t0, switcher_unwind
  clc   ct2, TS_CSP(csp)
  cgettag t2, ct2
  beqz  t2, switcher_unwind
  clc   cra, TS_CRA(csp)
  clc   cgp, TS_CGP(csp)
  clc   cs0, TS_CS0(csp)
  clc   cs1, TS_CS1(csp)
  clc   csp, TS_CSP(csp)
  li    a0, -ENOTENOUGHSTACK
  cj    leave_refused
