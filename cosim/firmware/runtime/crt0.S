// Start of a bare-metal program: derive the few capabilities it may have from the roots, drop the roots, call main.
// The stack lacks G, globals lack SL; the code capability covers code and constants only.

	.set	STACK_SIZE, 0x4000
	.set	TRAP_STACK_SIZE, 0x400
	.set	MASK_STACK, 0x7e		// everything but GL
	.set	MASK_GLOBALS, 0x6f		// everything but SL
	.set	MASK_CONSTANT, 0x6b		// GL LG LM LD MC
	.set	MASK_DEVICE, 0x25		// GL SD LD
	.set	RECORD_FUNCTION, 0x80000000

	.section .text.start,"ax",@progbits
	.globl	_start
	.type	_start, @function
	.p2align 2
_start:
	cspecialr	cs0, mtdc		// the memory root

	// Globals: from __globals_start, bounded, without SL; cgp points into their middle.
	li	a0, __globals_start
	li	a1, __globals_end
	sub	a1, a1, a0
	csetaddr	cgp, cs0, a0
	csetbounds	cgp, cgp, a1
	li	a0, MASK_GLOBALS
	candperm	cgp, cgp, a0
	li	a0, __globals_pointer
	csetaddr	cgp, cgp, a0

	// Stack: the top of memory, without GL; above it the stack of the trap report.
	li	a0, __ram_end - STACK_SIZE
	csetaddr	csp, cs0, a0
	li	a1, STACK_SIZE - TRAP_STACK_SIZE
	csetbounds	csp, csp, a1
	li	a2, MASK_STACK
	candperm	csp, csp, a2
	cincaddr	csp, csp, a1
	li	a0, __ram_end - TRAP_STACK_SIZE
	csetaddr	ca3, cs0, a0
	csetboundsimm	ca3, ca3, TRAP_STACK_SIZE
	candperm	ca3, ca3, a2
	cincaddrimm	ca3, ca3, TRAP_STACK_SIZE

	// Traps go to trap_entry, which finds its globals and stack through MTDC.
	clgc	ca1, __trap_state
	csc	cgp, 0(ca1)
	li	a0, __trap_state
	csetaddr	ca2, cs0, a0
	csetboundsimm	ca2, ca2, 16
	csc	ca3, 8(ca2)			// the stack is local: only a capability with SL can store it

	// Heap: between image and stack (rounded inwards); device registers: data only; revocation bitmap.
	li	a0, __image_end + 1023	// so aligned, bounds can cover 511 KiB
	andi	a0, a0, -1024
	li	a1, __ram_end - STACK_SIZE
	sub	a1, a1, a0
	csetaddr	ca3, cs0, a0
	csetboundsrounddown	ca3, ca3, a1
	li	a0, MASK_GLOBALS
	candperm	ca3, ca3, a0
	clgc	ca1, __heap_memory
	csc	ca3, 0(ca1)
	li	a0, MASK_DEVICE
	candperm	ca3, cs0, a0
	clgc	ca1, __device_root
	csc	ca3, 0(ca1)

	// Capabilities in initialised data.
	cllc	ca4, __start___cap_relocs
	li	a5, __stop___cap_relocs
	auipcc	cs1, 0
	li	a0, __text_start
	csetaddr	cs1, cs1, a0
	li	a1, __text_end
	sub	a1, a1, a0
	csetbounds	cs1, cs1, a1		// code and constants
1:	bgeu	a4, a5, 5f
	lw	a0, 4(ca4)			// base
	lw	a1, 12(ca4)			// length
	lw	a2, 16(ca4)			// flags
	bltz	a2, 3f
	li	t0, __text_start
	li	t1, __text_end
	bltu	a0, t0, 2f
	bgeu	a0, t1, 2f
	li	t0, MASK_CONSTANT
	candperm	ca3, cs1, t0
	csetaddr	ca3, ca3, a0
	beqz	a1, 4f
	csetbounds	ca3, ca3, a1
	cj	4f
2:	csetaddr	ca3, cgp, a0
	beqz	a1, 4f
	csetbounds	ca3, ca3, a1
	cj	4f
3:	csetaddr	ca3, cs1, a0
4:	lw	a1, 8(ca4)			// offset
	cincaddr	ca3, ca3, a1
	lw	a0, 0(ca4)			// location
	csetaddr	ca1, cs0, a0
	csc	ca3, 0(ca1)
	cincaddrimm	ca4, ca4, 20
	cj	1b

	// Drop the roots and go to main with the bounded code capability.
5:	li	a0, trap_entry
	csetaddr	ca0, cs1, a0
	cspecialw	mtcc, ca0
	li	a0, __trap_state
	csetaddr	ca2, cs0, a0
	csetboundsimm	ca2, ca2, 16
	cspecialw	mtdc, ca2
	cmove	ca0, cnull
	cmove	ca1, cnull
	cmove	ca2, cnull
	cmove	ca3, cnull
	cmove	ca4, cnull
	cmove	ca5, cnull
	cmove	cs0, cnull
	addi	t1, zero, 0
	cspecialrw	ct0, mscratchc, ct1
	addi	t0, zero, 0
	li	t2, __run_main
	csetaddr	ct2, cs1, t2
	cmove	cs1, cnull
	cjr	ct2
	.size	_start, . - _start

	.type	__run_main, @function
__run_main:
	ccall	__console_start
	ccall	main
	ccall	exit
	ebreak
	.size	__run_main, . - __run_main

	.type	trap_entry, @function
	.p2align 2
trap_entry:
	cspecialr	ct0, mtdc
	clc	cgp, 0(ct0)
	clc	csp, 8(ct0)
	csrr	a0, mcause
	csrr	a1, mtval
	cspecialr	ca2, mepcc
	mv	a2, a2
	li	a3, __start___lines
	li	a4, __stop___lines
	ccall	__report_trap
	ebreak
	.size	trap_entry, . - trap_entry

	.section .bss.__trap_state,"aw",@nobits
	.p2align 3
	.type	__trap_state, @object
__trap_state:
	.zero	16
	.size	__trap_state, 16
	.globl	__heap_memory
	.type	__heap_memory, @object
__heap_memory:
	.zero	8
	.size	__heap_memory, 8
	.globl	__device_root
	.type	__device_root, @object
__device_root:
	.zero	8
	.size	__device_root, 8
