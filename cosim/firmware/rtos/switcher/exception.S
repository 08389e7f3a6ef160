# Traps. Everything is saved on the trusted stack; interrupts and yields go on to the scheduler, which answers with
# the context to resume; faults go to fault.S.

.globl switcher_exception
.type switcher_exception, @function
.p2align 2
switcher_exception:
  cspecialrw csp, mtdc, csp
  beqz  sp, wedge               # a trap while no trusted stack is there
  csc   cra, TS_CRA(csp)
  csc   cgp, TS_CGP(csp)
  csc   ctp, TS_CTP(csp)
  csc   ct0, TS_CT0(csp)
  csc   ct1, TS_CT1(csp)
  csc   ct2, TS_CT2(csp)
  csc   cs0, TS_CS0(csp)
  csc   cs1, TS_CS1(csp)
  csc   ca0, TS_CA0(csp)
  csc   ca1, TS_CA1(csp)
  csc   ca2, TS_CA2(csp)
  csc   ca3, TS_CA3(csp)
  csc   ca4, TS_CA4(csp)
  csc   ca5, TS_CA5(csp)
  zero  tp
  cspecialrw ctp, mtdc, ctp     # the interrupted csp; from here on there is no thread
  csc   ctp, TS_CSP(csp)
  cspecialr ct0, mepcc
  csc   ct0, TS_PCC(csp)
  csrr  t1, mcause
  sw    t1, TS_MCAUSE(csp)
  csrr  t2, mshwm
  sw    t2, TS_MSHWM(csp)
  csrr  t2, mstatus
  sw    t2, TS_MSTATUS(csp)
  bltz  t1, to_scheduler        # an interrupt
  li    t2, CAUSE_LAST_FAULT
  bgeu  t2, t1, handle_fault
  li    t2, CAUSE_CHERI
  beq   t1, t2, handle_fault
  li    t2, CAUSE_ECALL
  bne   t1, t2, to_scheduler    # something unknown, which the scheduler refuses
  cincaddr ct2, ct0, 4          # a yield goes on behind its ecall
  csc   ct2, TS_PCC(csp)

# csp is the trusted stack, t1 mcause, t0 the address of the trap. MTDC is null, interrupts are disabled. The scheduler
# gets the sealed trusted stack, mcause, mepc and mtval, and returns a sealed trusted stack.
to_scheduler:
  auipcc cs0, 0
  load_slot ca0, key_threads, cs0, to_scheduler
  mv    a1, t1
  mv    a2, t0
  cseal ca0, csp, ca0
  load_slot cra, switcher_scheduler_pcc, cs0, to_scheduler
  load_slot cgp, switcher_scheduler_cgp, cs0, to_scheduler
  load_slot csp, switcher_scheduler_csp, cs0, to_scheduler
  csrr  a3, mtval
  zero  tp, t0, t1, t2, s0, s1, a4, a5
observe_schedule:
  cjalr cra

# An answer that is no sealed trusted stack makes the first load fault, and stops the machine: MTDC is null still.
scheduler_answers:
  auipcc ct0, 0
  load_slot ct0, key_threads, ct0, scheduler_answers
  cunseal csp, ca0, ct0
  clc   ct0, TS_PCC(csp)
  cspecialw mtdc, csp

# Resume the context saved in the trusted stack in csp, which MTDC holds also, at the PC in ct0.
resume:
  cspecialw mepcc, ct0
  lw    t0, TS_MSTATUS(csp)
  lw    t1, TS_MSHWM(csp)
  lw    t2, TS_MSHWMB(csp)
  csrw  mstatus, t0
  csrw  mshwm, t1
  csrw  mshwmb, t2
  clc   cra, TS_CRA(csp)
  clc   cgp, TS_CGP(csp)
  clc   ctp, TS_CTP(csp)
  clc   ct0, TS_CT0(csp)
  clc   ct1, TS_CT1(csp)
  clc   ct2, TS_CT2(csp)
  clc   cs0, TS_CS0(csp)
  clc   cs1, TS_CS1(csp)
  clc   ca0, TS_CA0(csp)
  clc   ca1, TS_CA1(csp)
  clc   ca2, TS_CA2(csp)
  clc   ca3, TS_CA3(csp)
  clc   ca4, TS_CA4(csp)
  clc   ca5, TS_CA5(csp)
  clc   csp, TS_CSP(csp)
observe_resume:
  mret

# Stop in a trap loop that no interrupt leaves: with an untagged MTCC the next trap traps for ever.
wedge:
  zero  sp
  cspecialw mtcc, csp
  clc   csp, 0(csp)
.size switcher_exception, . - switcher_exception
