.include "platform.inc"
.globl _start
_start:
  cspecialr ca5, mtdc
  li   t0, PLATFORM_UART
  csetaddr ca0, ca5, t0
  li   a1, 'h'
  sw   a1, UART_DATA(ca0)
  li   a1, 'i'
  sw   a1, UART_DATA(ca0)
  li   t0, PLATFORM_SIMCTL
  csetaddr ca0, ca5, t0
  sw   zero, SIMCTL_EXIT(ca0)
1:
  cj   1b
