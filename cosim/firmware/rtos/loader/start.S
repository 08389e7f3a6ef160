# The first and the last code of an image. It gives the three roots to the loader, installs what that returns, erases
# the memory that booting used, and starts the system: initialisers, scheduler, threads. Then it is the idle loop.
# Source: platform, "What happens at boot", "The three roots"; RTOS services, TH-6, CP-40.
#
# Roots live in registers and on the boot stack only; before anything else than the loader runs, both are cleared.

.include "../switcher/layout.inc"
.include "../switcher/macros.inc"

# Permissions that data and code may have beside those of layout.inc.
.equ PERM_NO_GLOBAL,    0xffe
.equ PERM_HEADER,       PERM_LD
.equ PERM_LOADER,       0x16b   # code: everything but access to system registers
.equ PERM_HAZARDS,      PERM_SD | PERM_MC
.equ MIE_TIMER,         0x80
.equ MIE_EXTERNAL,      0x800

# What the loader returns: a record at the stack pointer (struct Handover).
.equ HANDOVER_EXCEPTION,    0   # for MTCC
.equ HANDOVER_SWITCHER,     8   # the sentry for calls
.equ HANDOVER_INITIALISERS, 16  # sealed export entries, up to the capability's top
.equ HANDOVER_SCHEDULER,    24  # the sealed export entry of its initialisation
.equ HANDOVER_THREADS,      32  # for it: what it has to know of each thread
.equ HANDOVER_BYTES,        48

# register := the capability in `root` over [start, end), exact. Changes t0, t1.
.macro carve register:req, root:req, start:req, end:req
  li    t0, \start
  li    t1, \end
  sub   t1, t1, t0
  csetaddr \register, \root, t0
  csetboundsexact \register, \register, t1
.endm

.macro restrict register:req, permissions:req
  li    t0, \permissions
  candperm \register, \register, t0
.endm

.section .text.start, "ax"
.globl _start
.type _start, @function
_start:
  # cs0, the memory root, and cs1, this code bounded: they stay while the loader runs
  auipcc ca3, 0
  cspecialr cs0, mtdc
  carve cs1, ca3, _start, __start_end
  restrict cs1, PERM_NO_GLOBAL
  li    t0, bounded
  csetaddr ct2, cs1, t0
  cjr   ct2
bounded:
  carve csp, cs0, __boot_stack, __boot_stack_end
  restrict csp, PERM_STACK
  li    t0, __boot_stack_end - SLOTS_BYTES
  csetaddr csp, csp, t0

  # Above the stack pointer: two slots as for any invocation, what the scheduler will know of threads, the handover.
  li    t1, __thread_count
  slli  t1, t1, 4               # sizeof(struct ThreadLoaderInfo)
  sub   t0, t0, t1
  csetaddr ct2, csp, t0
  csetbounds ct2, ct2, t1
  addi  t0, t0, -HANDOVER_BYTES
  csetaddr csp, csp, t0
  csc   ct2, HANDOVER_THREADS(csp)

  # loader_main(handover, header, memory root, code root, sealing root)
  csetboundsimm ca0, csp, HANDOVER_BYTES
  carve ca1, cs0, __image_header, __image_header_end
  restrict ca1, PERM_HEADER
  cmove ca2, cs0
  zero  t0
  cspecialrw ca4, mscratchc, ct0
  carve cra, ca3, __loader_start, __loader_code_end
  restrict cra, PERM_LOADER
  li    t0, loader_main
  csetaddr cra, cra, t0
  cjalr cra

  # The boot code is a thread of its own, number 0, with room for one call. Nothing uses its first frame, so its hazard
  # slots lie there.
  carve ca0, cs0, __boot_trusted_stack, __boot_trusted_stack_end
  li    t0, TS_FRAMES + FRAME_BYTES
  sh    t0, TS_FRAME_OFFSET(ca0)
  cincaddr ca1, ca0, TS_FRAMES
  csetboundsimm ca1, ca1, SLOTS_BYTES
  restrict ca1, PERM_HAZARDS
  csc   ca1, TS_HAZARDS(ca0)
  cgetbase t0, csp
  sw    t0, TS_MSHWMB(ca0)
  csrw  mshwmb, t0
  cspecialw mtdc, ca0
  clc   ca0, HANDOVER_EXCEPTION(csp)
  cspecialw mtcc, ca0
  zero  a0
  cspecialw mepcc, ca0

  # Erase: the loader's stack, then the heap and everything that booting used, which lies where the heap starts.
  csetaddr ca1, csp, t0
  zero_stack ca1, sp, t0
  csrw  mshwm, sp
  li    a0, __heap_start
  li    a1, __heap_end
  li    a2, __loader_end
  bgeu  a1, a2, 1f
  mv    a1, a2
1:
  csetaddr ca0, cs0, a0
  addi  a2, a1, -32
2:
  csc   cnull, 0(ca0)
  csc   cnull, 8(ca0)
  csc   cnull, 16(ca0)
  csc   cnull, 24(ca0)
  cincaddr ca0, ca0, 32
  bgeu  a2, a0, 2b
3:
  bgeu  a0, a1, 4f
  csc   cnull, 0(ca0)
  cincaddr ca0, ca0, 8
  cj    3b
4:
  zero  ra, gp, tp, t0, t1, t2, s0, s1, a0, a1, a2, a3, a4, a5

  # Initialisers, each a call through the switcher
  clc   cs0, HANDOVER_SWITCHER(csp)
  clc   cs1, HANDOVER_INITIALISERS(csp)
5:
  cgettop t0, cs1
  bgeu  s1, t0, 6f
  clc   ct1, 0(cs1)
  cjalr cs0
  cincaddr cs1, cs1, 8
  cj    5b
6:
  # scheduler_entry(threads, count); the switcher erases the handover, which is below the stack pointer now
  clc   ct1, HANDOVER_SCHEDULER(csp)
  clc   ca0, HANDOVER_THREADS(csp)
  li    a1, __thread_count
  cincaddr csp, csp, HANDOVER_BYTES
  zero  s1
  cjalr cs0

  # The stack is the scheduler's. Go on with interrupts, without access to system registers, in the idle loop.
  li    t0, MIE_TIMER | MIE_EXTERNAL
  csrs  mie, t0
  li    t0, MSTATUS_MPP | MSTATUS_MPIE
  csrw  mstatus, t0
  cllc  ca0, idle
  restrict ca0, PERM_LOADER
  cspecialw mepcc, ca0
  zero  ra, sp, gp, t0, s0, s1, a0, a1
  mret

idle:
  ecall
1:
  wfi
  cj    1b
.size _start, . - _start
