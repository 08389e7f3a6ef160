# Start of a bare program: out of the three roots it makes the few capabilities that the program needs, drops the
# roots, and calls main. Also the trap handler.
#
# Left to the program: PCC over its code, without access to system registers; cgp over its globals, which cannot hold
# stack pointers; csp over the stack, which alone may be stored nowhere but there. The globals' slots below hold
# capabilities to the heap, the revocation bitmap and the devices.

.include "platform.inc"
.include "scope.inc"

.equ STACK_BYTES, 4096          # at the end of RAM
.equ HEAP_BYTES,  65536         # in front of it
.equ HEAP_FIRST,  16            # never handed out: freeing the heap's first bytes would revoke the heap itself
.equ UNEXPECTED_TRAP, 2         # exit code

# Permissions: global, load global, store, load mutable, store local, load, capabilities; system registers, execute.
.equ PERM_GL, 0x001
.equ PERM_LG, 0x002
.equ PERM_SD, 0x004
.equ PERM_LM, 0x008
.equ PERM_SL, 0x010
.equ PERM_LD, 0x020
.equ PERM_MC, 0x040
.equ PERM_SR, 0x080
.equ PERM_EX, 0x100
.equ PERM_GLOBALS, PERM_GL | PERM_LG | PERM_SD | PERM_LM | PERM_LD | PERM_MC
.equ PERM_STACK,   PERM_LG | PERM_SD | PERM_LM | PERM_SL | PERM_LD | PERM_MC
.equ PERM_CODE,    PERM_GL | PERM_LG | PERM_LM | PERM_LD | PERM_MC | PERM_EX
.equ PERM_DEVICE,  PERM_GL | PERM_SD | PERM_LD

# register := the memory root (in ca5) over [base, base + bytes) with the permissions. Uses t0.
.macro carve register:req, base:req, bytes:req, permissions:req
  li    t0, \base
  csetaddr \register, ca5, t0
  li    t0, \bytes
  csetboundsexact \register, \register, t0
  li    t0, \permissions
  candperm \register, \register, t0
.endm

.macro carve_into slot:req, base:req, bytes:req, permissions:req
  carve ca0, \base, \bytes, \permissions
  clgc  ca1, \slot
  csc   ca0, 0(ca1)
.endm

.section .text.start, "ax"
.globl _start
_start:
  cspecialr ca5, mtdc
  carve cgp, __globals_start, __globals_end - __globals_start, PERM_GLOBALS
  li    t0, __globals_pointer
  csetaddr cgp, cgp, t0
  carve_into heap_memory, __ram_end - STACK_BYTES - HEAP_BYTES, HEAP_BYTES, PERM_GLOBALS
  cincaddr ca0, ca0, HEAP_FIRST
  csc   ca0, 0(ca1)
  carve_into revocation_bitmap, PLATFORM_BITMAP, PLATFORM_BITMAP_END - PLATFORM_BITMAP, PERM_DEVICE
  carve_into uart, PLATFORM_UART, PLATFORM_UART_END - PLATFORM_UART, PERM_DEVICE
  carve_into simulation_control, PLATFORM_SIMCTL, PLATFORM_SIMCTL_END - PLATFORM_SIMCTL, PERM_DEVICE
  carve csp, __ram_end - STACK_BYTES, STACK_BYTES, PERM_STACK
  li    t0, __ram_end + SCOPE_HEAD
  csetaddr csp, csp, t0
  csc   cnull, 0(csp)           # no error-handling scope yet

  # the trap handler keeps access to system registers
  auipcc ca0, 0
  li    t0, __text_start
  csetaddr ca0, ca0, t0
  li    t0, __text_end - __text_start
  csetboundsexact ca0, ca0, t0
  li    t0, trap_entry
  csetaddr ca1, ca0, t0
  cspecialw mtcc, ca1
  # no root is left behind: the memory root goes from MTDC, the sealing root from MScratchC
  cmove ca5, cnull
  cspecialw mtdc, ca5
  cspecialw mscratchc, ca5

  li    t0, main
  csetaddr ca0, ca0, t0
  li    t0, PERM_CODE
  candperm ca0, ca0, t0
  cjalr cra, 0(ca0)
  cj    exit

# exit(code)
.globl exit
.type exit, @function
exit:
  clgc  ca1, simulation_control
  clc   ca1, 0(ca1)
  sw    a0, SIMCTL_EXIT(ca1)
1:
  cj    1b
.size exit, . - exit

# A trap continues in the innermost error-handling scope (see scope.inc). Without one it ends the program.
.p2align 2
trap_entry:
  cgettag t0, csp
  beqz  t0, unhandled
  scope_head ct0, t1
  clc   ct1, 0(ct0)
  cgettag t2, ct1
  beqz  t2, unhandled
  clc   ct2, SCOPE_OUTER(ct1)
  csc   ct2, 0(ct0)
  clc   ct2, SCOPE_RESUME(ct1)
  cspecialw mepcc, ct2
  clc   csp, SCOPE_CSP(ct1)
  clc   cs0, SCOPE_CS0(ct1)
  clc   cs1, SCOPE_CS1(ct1)
  csrr  a0, mcause
  csrr  a1, mtval
  mret
unhandled:
  li    a0, UNEXPECTED_TRAP
  cj    exit

.bss
.p2align 3
.globl heap_memory, revocation_bitmap, uart, simulation_control
heap_memory: .space 8
.size heap_memory, 8
revocation_bitmap: .space 8
.size revocation_bitmap, 8
uart: .space 8
.size uart, 8
simulation_control: .space 8
.size simulation_control, 8
