# A sweep of all of RAM, with a live capability in every eighth granule of a part of it, while the core sleeps.
.include "start.inc"
  li   t1, 2048
1:
  csc  cs0, 0(cs0)
  cincaddr cs0, cs0, 64
  addi t1, t1, -1
  bnez t1, 1b

  li   t0, PLATFORM_PLIC
  csetaddr cs1, ca5, t0
  li   t0, 1
  sw   t0, 4(cs1)               # the revoker's priority
  li   t0, PLATFORM_PLIC + 0x2000
  csetaddr cs1, ca5, t0
  li   t0, 2
  sw   t0, 0(cs1)
  li   t0, 1
  sw   t0, 0x14(ctp)            # its interrupt: to wake up
  li   t0, 0x800
  csrw mie, t0
  li   t0, PLATFORM_RAM
  sw   t0, 0(ctp)
  li   t0, PLATFORM_RAM_END
  sw   t0, 4(ctp)
  sw   zero, SIMCTL_START(cgp)
  sw   zero, GO(ctp)
  wfi
  finish 0
