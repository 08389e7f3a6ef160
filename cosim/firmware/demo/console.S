# Text to the UART.

.include "platform.inc"
.text

.globl console_init
.type console_init, @function
console_init:
  clgc  ca0, uart
  clc   ca0, 0(ca0)
  sw    zero, UART_INTERRUPTS(ca0)
  li    a1, UART_DLAB | UART_8N1
  sw    a1, UART_LINE_CONTROL(ca0)
  li    a1, 1
  sw    a1, UART_DIVISOR_LOW(ca0)
  sw    zero, UART_DIVISOR_HIGH(ca0)
  li    a1, UART_8N1
  sw    a1, UART_LINE_CONTROL(ca0)
  li    a1, 1
  sw    a1, UART_FIFO_CONTROL(ca0)
  cret
.size console_init, . - console_init

# print(text): up to a zero byte
.globl print
.type print, @function
print:
  clgc  ca1, uart
  clc   ca1, 0(ca1)
1:
  lbu   a2, 0(ca0)
  beqz  a2, 3f
2:
  lw    a3, UART_LINE_STATUS(ca1)
  andi  a3, a3, UART_SENDABLE
  beqz  a3, 2b
  sw    a2, UART_DATA(ca1)
  cincaddr ca0, ca0, 1
  cj    1b
3:
  cret
.size print, . - print

# print_number(signed)
.globl print_number
.type print_number, @function
.equ DIGITS, 16
print_number:
  cincaddr csp, csp, -32
  csc   cra, 0(csp)
  cincaddr ca1, csp, 8          # digits from the last one down
  csetbounds ca1, ca1, DIGITS
  cincaddr ca1, ca1, DIGITS - 1
  sb    zero, 0(ca1)
  mv    a2, a0
  bgez  a0, 1f
  neg   a2, a0
1:
  li    a3, 10
  remu  a4, a2, a3
  divu  a2, a2, a3
  addi  a4, a4, '0'
  cincaddr ca1, ca1, -1
  sb    a4, 0(ca1)
  bnez  a2, 1b
  bgez  a0, 2f
  li    a4, '-'
  cincaddr ca1, ca1, -1
  sb    a4, 0(ca1)
2:
  cmove ca0, ca1
  cjal  print
  clc   cra, 0(csp)
  cincaddr csp, csp, 32
  cret
.size print_number, . - print_number
