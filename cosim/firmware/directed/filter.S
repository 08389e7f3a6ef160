# The load filter: both ends of the bitmap and what lies beyond, who is exempt, loads in a row, use right after.
.include "start.inc"

  object cs0, AREA, 256

# The first and the last granule of the heap are freed, and neither their neighbours nor what may be taken for them.
  paint PLATFORM_HEAP, 1
  paint (PLATFORM_HEAP_END - 64), 0x80
.macro probe at
  object ca0, \at, 4
  csc   ca0, 0(cs0)
  clc   ca1, 0(cs0)
  cgettag a2, ca1
.endm
  probe (PLATFORM_HEAP - 8)
  probe PLATFORM_HEAP
  probe (PLATFORM_HEAP + 4)
  probe (PLATFORM_HEAP + 8)
  probe (PLATFORM_HEAP + (PLATFORM_HEAP_END - PLATFORM_HEAP) / 2 - 8)
  probe (PLATFORM_HEAP + (PLATFORM_HEAP_END - PLATFORM_HEAP) / 2)
  probe (PLATFORM_HEAP_END - 16)
  probe (PLATFORM_HEAP_END - 8)
  probe (PLATFORM_HEAP_END - 4)
  probe PLATFORM_HEAP_END
  probe (PLATFORM_HEAP_END + 8)
  probe (PLATFORM_HEAP_END + 0xf8)
  probe (PLATFORM_HEAP_END + 0x100)
  probe (PLATFORM_HEAP + 0x80000)
  probe (PLATFORM_HEAP + 0x1000000)
  probe (PLATFORM_HEAP - 0x10000000)
  probe 0
  probe 0xfffffff8

# One object is freed. Capabilities for it: plain, sealed, without permissions, executable, pointing elsewhere; and
# authorities over types that have its address as their base.
  paint OBJECT, 0xff
  object ca0, OBJECT, 64
  li    t0, 12
  csetaddr ca2, csp, t0
  cseal ca1, ca0, ca2
  csc   ca0, 0(cs0)
  csc   ca1, 8(cs0)
  li    t0, 1
  candperm ca1, ca0, t0
  csc   ca1, 16(cs0)
  cincaddr ca1, ca0, 64
  csc   ca1, 24(cs0)
  li    t0, OBJECT
  auipcc ca1, 0
  csetaddr ca1, ca1, t0
  csetboundsimm ca1, ca1, 16
  csc   ca1, 32(cs0)
  csetaddr ca1, csp, t0
  csetboundsimm ca1, ca1, 8
  csc   ca1, 40(cs0)
  li    t0, 0x601
  candperm ca1, ca1, t0
  csc   ca1, 48(cs0)
  cspecialr ca1, mtdc
  csc   ca1, 56(cs0)
.irp place, 0, 8, 16, 24, 32, 40, 48, 56
  clc   ca1, \place(cs0)
  cgettag a2, ca1
.endr

# Loads in a row: freed and live, live and freed.
  clc   ca0, 0(cs0)
  clc   ca1, 56(cs0)
  clc   ca2, 0(cs0)
  clc   ca3, 8(cs0)
  clc   ca4, 56(cs0)
  clc   ca1, 40(cs0)
  clc   ca2, 24(cs0)

# Used right after, and a little later: as what is stored, compared or copied, and as what is loaded through.
.macro after use
  clc   ca0, 0(cs0)
  \use
  clc   ca1, 64(cs0)
  clc   ca0, 0(cs0)
  nop
  \use
  clc   ca1, 64(cs0)
  clc   ca0, 0(cs0)
  nop
  nop
  \use
  clc   ca1, 64(cs0)
.endm
  after "csc ca0, 64(cs0)"
  after "csetequalexact a1, ca4, ca0"
  after "cmove ca1, ca0"
  after "lw a1, 0(ca0)"
  after "sw a1, 4(ca0)"

# Painted and unpainted between two loads.
  clc   ca0, 0(cs0)
  paint OBJECT, 0
  clc   ca1, 0(cs0)
  paint OBJECT, 1
  clc   ca1, 0(cs0)
  finish
