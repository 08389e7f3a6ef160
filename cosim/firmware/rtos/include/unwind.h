/* Error-handling scopes: code that goes on after a fault. They work in compartments that link the scoped handler; in
   others a fault is handled as if there were no scope. Scopes nest. */
#pragma once

/* Call `body` in a scope: 0 when it has returned, 1 when a fault or cleanup_unwind() ended it. */
int unwind_protect(void (*body)(void *), void *argument);

/* Leave the innermost scope of this invocation as a fault does. Without one this is a fault. */
_Noreturn void cleanup_unwind(void);
