/* Error-handling scopes: code that goes on after a fault (CP-34). They work in compartments that link the scoped handler;
   in others a fault is handled as if there were no scope. Scopes nest.

       CHERIOT_DURING
           ... what may fault
       CHERIOT_HANDLER
           ... runs after a fault, or after cleanup_unwind(), in the block above
       CHERIOT_END_HANDLER

   Neither block may be left by return, break, continue or goto. Variables that both blocks use are volatile. */
#pragma once

#include <cheri.h>
#include <setjmp.h>
#include <stddef.h>

struct CleanupList {
	struct CleanupList *next;
	struct __jmp_buf env;
};

/* Where the innermost scope of this invocation is named: invocation-local slot 0, at the stack's top. */
static inline struct CleanupList **cleanup_list_head(void)
{
	void *stack = cheri_stack_get();
	return (struct CleanupList **)cheri_address_set(stack, cheri_top_get(stack) - sizeof(void *));
}

#define CHERIOT_DURING                                                                                               \
	{                                                                                                                \
		struct CleanupList __scope;                                                                                  \
		struct CleanupList **__head = cleanup_list_head();                                                           \
		__scope.next = *__head;                                                                                      \
		*__head = &__scope;                                                                                          \
		if (setjmp(&__scope.env) == 0) {

#define CHERIOT_HANDLER                                                                                              \
			*__head = __scope.next;                                                                                  \
		} else {

#define CHERIOT_END_HANDLER                                                                                          \
		}                                                                                                            \
	}

/* Call `body` in a scope: 0 when it has returned, 1 when a fault or cleanup_unwind() ended it. */
int unwind_protect(void (*body)(void *), void *argument);

/* Leave the innermost scope of this invocation as a fault does. Without one this is a fault. */
_Noreturn void cleanup_unwind(void);
