# Recursive fib(13): calls and returns through return sentries, capabilities spilled to the stack.
.include "start.inc"
setup:
  cret
kernel:
  wide cincaddrimm csp, csp, -16
  wide csc cra, 0(csp)
  li   a0, 13
  wide cjal fib
  wide clc cra, 0(csp)
  wide cincaddrimm csp, csp, 16
  cret
fib:
  li   a1, 2
  bltu a0, a1, 9f
  wide cincaddrimm csp, csp, -24
  wide csc cra, 16(csp)
  wide csc cs0, 8(csp)
  sw   s1, 0(csp)
  mv   s0, a0
  addi a0, a0, -1
  wide cjal fib
  mv   s1, a0
  addi a0, s0, -2
  wide cjal fib
  add  a0, a0, s1
  lw   s1, 0(csp)
  wide clc cs0, 8(csp)
  wide clc cra, 16(csp)
  wide cincaddrimm csp, csp, 24
9:
  cret
