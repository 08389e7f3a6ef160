# The cross-compartment call. A caller jumps here through the sentry in slot 0 of its import table, which disables
# interrupts, with the sealed export table entry in ct1, arguments in ca0 ... ca5 and ct0, and its return in cra.
# The numbers in comments are the steps of the specification.

.globl switcher_call
.type switcher_call, @function
switcher_call:
observe_enter:
  # 1: all that a stack may have, and no more; base and address on 16 bytes. Whether it has a tag the first store says.
  cgetperm t2, csp
  addi  t2, t2, -PERM_STACK
  bnez  t2, switcher_unwind
  cgetbase t2, csp
  or    tp, t2, sp
  slli  tp, tp, 28
  bnez  tp, switcher_unwind

  # 2: the first store is the one that finds too little room, and a fault in it is no unwinding
switcher_first_spill:
  csc   cs0, SPILL_CS0 - SPILL_BYTES(csp)
  cincaddr csp, csp, -SPILL_BYTES
  csc   cs1, SPILL_CS1(csp)
  csc   cgp, SPILL_CGP(csp)
  csc   cra, SPILL_CRA(csp)
  # now free: cra, cgp, ctp, cs0, cs1; t2 is the base of the stack

  # 3, 4, 5
  cspecialr cs0, mtdc
  clc   cra, TS_HAZARDS(cs0)
  lhu   tp, TS_FRAME_OFFSET(cs0)
  cgetlen s1, cs0
  csc   cnull, 0(cra)
  csc   cnull, 8(cra)
  bgeu  tp, s1, trusted_stack_full
  addi  s1, tp, FRAME_BYTES
  sh    s1, TS_FRAME_OFFSET(cs0)
  cincaddr cs0, cs0, tp         # the new frame
  csc   csp, FRAME_CSP(cs0)
  sw    zero, FRAME_FAULTS(cs0) # and FRAME_MASKED

  # 6: bounds are rounded down; they stay multiples of 16, for the base is one
  sub   s1, sp, t2
  csetaddr ct2, csp, t2
  csetboundsrounddown ct2, ct2, s1
  cgettop s1, ct2

  # 7: a mark below the caller's stack makes an untagged capability, so a fault
  csrr  gp, mshwm
  bgeu  gp, s1, stack_is_clean
  csetaddr cra, ct2, gp
  zero_stack cra, s1, gp
stack_is_clean:

  # 8: a target that does not unseal makes the loads through it fault
call_code:
  auipcc ctp, 0
  load_slot cra, key_exports, ctp, call_code
  addi  s1, s1, -SLOTS_BYTES
  csetaddr csp, ct2, s1
  cunseal ct1, ct1, cra
  lbu   gp, EXPORT_STACK(ct1)
  sub   s1, s1, t2              # room below the slots; negative if there is none for them
  csc   ct1, FRAME_EXPORT(cs0)
  lhu   s0, EXPORT_FUNCTION(ct1)

  # 9, 10: the slots are zero, for they lie below the mark or were zeroed
  slli  gp, gp, 3
  blt   s1, gp, stack_too_small
  csrw  mshwm, sp

  # 11: the table's header lies at its base
  lbu   s1, EXPORT_FLAGS(ct1)
  cgetbase t2, ct1
  csetaddr ct1, ct1, t2
  clc   cra, EXPORTS_PCC(ct1)
  clc   cgp, EXPORTS_CGP(ct1)
  cincaddr cra, cra, s0
  andi  t2, s1, EXPORT_ARGUMENTS
  slli  t2, t2, 1               # two bytes for each instruction below
  cincaddr ctp, ctp, t2
  cjr   (zero_arguments - call_code)(ctp)
.option push
.option rvc
zero_arguments:
  zero  a0, a1, a2, a3, a4, a5, t0
.option pop

  # 12
observe_call:
  andi  s1, s1, EXPORT_DISABLED
  bnez  s1, 1f
  csrsi mstatus, MSTATUS_MIE
1:
  zero  tp, t1, t2, s0, s1
  cjalr cra
  # The callee's return capability points here, to switcher_return.
