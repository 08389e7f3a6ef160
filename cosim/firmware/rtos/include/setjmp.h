/* Jumps out of functions, inside one compartment. A jump buffer works on the stack only: what it holds may be stored
   nowhere else. */
#pragma once

#include <stdint.h>

struct __jmp_buf {
	uintptr_t __cs0;
	uintptr_t __cs1;
	uintptr_t __csp;
	uintptr_t __cra;
};
typedef struct __jmp_buf jmp_buf[1];

/* 0 at first; the value of longjmp() when it comes back from there. */
int setjmp(struct __jmp_buf *env);

_Noreturn void longjmp(struct __jmp_buf *env, int value);
