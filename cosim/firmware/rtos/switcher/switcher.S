# The switcher: the only code that runs on behalf of every compartment. It calls and returns between compartments,
# saves and resumes threads, and turns faults into error handling. Source: RTOS services, "Compartments, switcher and
# errors"; image format, "Trusted stack".
#
# Its PCC has the permission to access system registers and lacks G, and so do the sentries to it. MTDC holds the
# trusted stack of the thread that runs; it is null while a trap is being served, when the scheduler runs. Code here
# keeps three promises:
# - Before it uses what a compartment gave it, it has checked it, or a fault there does no harm: a fault in here makes
#   no error handler run, it discards the invocation on top of the trusted stack (fault.inc).
# - What it loads through its own authority is in no register when it leaves.
# - It uses a thread's register save area only with interrupts disabled.
#
# Labels `observe_...` mark places for an observer of the running machine; nothing here uses them.

.include "layout.inc"
.include "macros.inc"

# What the loader fills in. The image's header says where these are.
.section .text.start, "ax"
.p2align 3
.globl switcher_start
switcher_start:
.globl switcher_keys
switcher_keys:
key_threads:                    # seals and unseals trusted stacks
  .quad 0
key_exports:                    # unseals export table entries
  .quad 0
.globl switcher_scheduler_pcc
switcher_scheduler_pcc:         # where the scheduler serves traps, its globals and its stack
  .quad 0
.globl switcher_scheduler_cgp
switcher_scheduler_cgp:
  .quad 0
.globl switcher_scheduler_csp
switcher_scheduler_csp:
  .quad 0

.text
.include "call.inc"
.include "return.inc"
.include "exception.inc"
.include "fault.inc"
.include "helpers.inc"
.globl switcher_end
switcher_end:
