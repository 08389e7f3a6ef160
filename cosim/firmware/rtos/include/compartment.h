/* Compartments: attributes of their functions, imports, error handlers. */
#pragma once

#include <cdefs.h>
#include <compartment-macros.h>
#include <stddef.h>
#include <stdint.h>

#define CHERI_SEALED(type) type

enum ErrorRecoveryBehaviour {
	InstallContext,
	ForceUnwind,
};

/* The registers at a fault: the PC without its tag, then c1 to c15. */
struct ErrorState {
	void *pcc;
	void *registers[15];
};

/* A compartment that defines one of these has it as its error handler. */
enum ErrorRecoveryBehaviour compartment_error_handler(struct ErrorState *frame, size_t mcause, size_t mtval);
enum ErrorRecoveryBehaviour compartment_error_handler_stackless(size_t mcause, size_t mtval);
