# Boot ROM. The core enters at RESET and goes on to the program with every register as reset left it.
#
# MTCC points to REPORTER until the program installs its own trap handler: a trap before that ends the simulation
# with exit code 253. The store goes through MTDC, which holds the memory root until the program takes it; if it is
# gone, the store traps again, here, and the core stays in this loop.

.include "platform.inc"
.equ UNHANDLED_TRAP, 253

.ifdef PLATFORM_SIMCTL
.equ REPORT, PLATFORM_SIMCTL + SIMCTL_EXIT
.else
.equ REPORT, PLATFORM_UART + UART_DATA  # bytes with bit 7 set mean an exit too
.endif

.org REPORTER - PLATFORM_ROM
  cspecialr ca0, mtdc
  li   a1, REPORT
  csetaddr ca0, ca0, a1
  li   a1, UNHANDLED_TRAP
  sw   a1, 0(ca0)
1:
  cj   1b

.org RESET - PLATFORM_ROM
.globl _start
_start:
  cj   PLATFORM_ENTRY
