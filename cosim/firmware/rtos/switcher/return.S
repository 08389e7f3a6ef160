# The way back to the caller, with results in ca0 and ca1. Whoever holds a return capability to here may use it at any
# time: it always ends the present invocation of its own thread, and the registers are not looked at.
# Interrupts may be enabled.

.globl switcher_return
.type switcher_return, @function
switcher_return:
  cspecialr ctp, mtdc
  clc   ct1, TS_HAZARDS(ctp)
  lhu   t2, TS_FRAME_OFFSET(ctp)
  li    t0, TS_FRAMES
  csc   cnull, 0(ct1)
  csc   cnull, 8(ct1)
  addi  t2, t2, -FRAME_BYTES
  bgeu  t0, t2, thread_exit     # the first frame stays, it has no caller
  cincaddr ct1, ctp, t2
  clc   csp, FRAME_CSP(ct1)
  sh    t2, TS_FRAME_OFFSET(ctp)
  reload_spilled
  csrr  tp, mshwm
  csetaddr ct2, csp, tp
  zero_stack ct2, sp, tp
  csrw  mshwm, sp
  zero  a2, a3, a4, a5
observe_return:
  zero  tp, t0, t1, t2
  cret

# Refusals, which are results like any.

# No frame was taken, so nothing but the caller's own registers is there to be undone.
trusted_stack_full:
  reload_spilled
  li    a0, -ENOTENOUGHTRUSTEDSTACK
leave_refused:
  li    a1, 0
  zero  a2, a3, a4, a5
observe_refuse:
  zero  tp, t0, t1, t2
  cret

# A frame was taken: it is left as after a call. What it lacks is a callee.
stack_too_small:
  li    a0, -ENOTENOUGHSTACK
  li    a1, 0
observe_refuse_callee:
  cj    switcher_return

# Discard the invocation on top of the trusted stack. Registers may hold anything.
switcher_unwind:
observe_unwind:
  li    a0, -ECOMPARTMENTFAIL
  li    a1, 0
  cj    switcher_return

# The outermost invocation has ended. The scheduler is told, and a thread that it resumes nevertheless ends again: it
# has neither a PC nor a frame.
thread_exit:
observe_exit:
  csrci mstatus, MSTATUS_MIE
  cspecialr csp, mtdc
  li    t0, TS_FRAMES
  sh    t0, TS_FRAME_OFFSET(csp)
  csc   cnull, TS_PCC(csp)
  zero  tp, t0
  cspecialw mtdc, ctp
  li    t1, CAUSE_THREAD_EXIT
  csrw  mcause, t1
  csrw  mtval, t1               # instead of what another thread's last trap left there
  cj    to_scheduler
.size switcher_return, . - switcher_return
