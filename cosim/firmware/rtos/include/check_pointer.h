/* Checks of pointers that come from another compartment (CP-7). */
#pragma once

#include <cdefs.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether `pointer` is tagged and unsealed, has at least these permissions and `space` bytes up to its top, and, if
   `checkStack` and the permissions do not ask for global, does not reach into the current stack. `strict` is for callers
   in assembly: the second result register is the pointer with these permissions and this length only. */
__cheri_libcall bool check_pointer(const volatile void *pointer, uint32_t permissions, size_t space, bool checkStack,
                                   bool strict);
