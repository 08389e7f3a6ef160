// The token library: opening sealed objects. A handle is sealed with one of two object types; in front of the payload
// to which its address points stands the number of the key that opens it. Runs without stack and, but for masking
// permissions, with interrupts off, so that the object cannot die between check and use. The library's own sealing
// key must not stay in a register: every path overwrites ca3.

	.set	DYNAMIC, 11			// object types of handles
	.set	STATIC, 12
	.set	PERMISSION_BITS, 7
	.set	PERMIT_GLOBAL, 1
	.set	PERMIT_UNSEAL, 0x200
	.set	HEADER, 8			// u32 number of the key, u32 unused

	.section .text.token,"ax",@progbits
	.p2align 1

// void *token_obj_unseal*(TokenKey key, void *handle): the payload, or null
	.globl	token_obj_unseal_dynamic
	.type	token_obj_unseal_dynamic, @function
token_obj_unseal_dynamic:
	cgettype	a2, ca1
	li	a3, DYNAMIC
	beq	a2, a3, .Lopen
	cj	.Lrefuse

	.globl	token_obj_unseal
	.type	token_obj_unseal, @function
token_obj_unseal:
	cgettype	a2, ca1
	li	a3, DYNAMIC
	beq	a2, a3, .Lopen
	cj	.Lstatic

	.globl	token_obj_unseal_static
	.type	token_obj_unseal_static, @function
token_obj_unseal_static:
	cgettype	a2, ca1
.Lstatic:
	li	a3, STATIC
	bne	a2, a3, .Lrefuse

.Lopen:						// ca0 the user's key, ca1 the handle, a2 its type
	cgettag	a3, ca0
	beqz	a3, .Lrefuse
	cgettype	a3, ca0
	bnez	a3, .Lrefuse
	cgetbase	a3, ca0
	bne	a3, a0, .Lrefuse
	cgetlen	a3, ca0
	beqz	a3, .Lrefuse
	cgetperm	a4, ca0
	andi	a3, a4, PERMIT_UNSEAL
	beqz	a3, .Lrefuse
1:	auipcc	ca3, %cheriot_compartment_hi(__import.loader.sealing_key_both)
	clc	ca3, %cheriot_compartment_lo_i(1b)(ca3)
	csetaddr	ca3, ca3, a2
	cunseal	ca1, ca1, ca3
	cgettag	a3, ca1
	beqz	a3, .Lrefuse
	andi	a2, a1, ~PERMISSION_BITS
	csetaddr	ca1, ca1, a2
	clw	a3, -HEADER(ca1)
	bne	a3, a0, .Lrefuse
	cgettop	a3, ca1
	sub	a3, a3, a2
	csetboundsexact	ca0, ca1, a3		// without the header
	li	a1, 0
	andi	a4, a4, PERMIT_GLOBAL
	bnez	a4, 2f
	li	a3, ~PERMIT_GLOBAL		// a local key opens local payloads
	candperm	ca0, ca0, a3
2:	cret
.Lrefuse:
	li	a0, 0
	li	a1, 0
	cret

// void *token_permissions_and(void *handle, int mask)
	.globl	token_permissions_and
	.type	token_permissions_and, @function
token_permissions_and:
	cgettag	a3, ca0
	beqz	a3, .Lno_handle
	cgettype	a2, ca0
	li	a3, DYNAMIC
	beq	a2, a3, .Lmask
	li	a3, STATIC
	bne	a2, a3, .Lno_handle
.Lmask:
3:	auipcc	ca3, %cheriot_compartment_hi(__import.loader.sealing_key_both)
	clc	ca3, %cheriot_compartment_lo_i(3b)(ca3)
	csetaddr	ca3, ca3, a2
	ori	a1, a1, ~PERMISSION_BITS
	and	a1, a1, a0
	cunseal	ca0, ca0, ca3
	csetaddr	ca0, ca0, a1
	cseal	ca0, ca0, ca3
	li	a3, 0
	cret
.Lno_handle:
	ccleartag	ca0, ca0
	cret
