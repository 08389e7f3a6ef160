/* Lets a compiler without capabilities parse firmware: the builtins become expressions of the right type. */
#define __PTRADDR_TYPE__ unsigned
#define __uintcap_t unsigned long
#define __builtin_cheri_address_get(c) ((unsigned)(__UINTPTR_TYPE__)(c))
#define __builtin_cheri_base_get(c) ((unsigned)(__UINTPTR_TYPE__)(c))
#define __builtin_cheri_length_get(c) ((void)(c), 0u)
#define __builtin_cheri_offset_get(c) ((void)(c), 0u)
#define __builtin_cheri_tag_get(c) ((_Bool)((void)(c), 1))
#define __builtin_cheri_address_set(c, a) ((void)(a), (c))
#define __builtin_cheri_bounds_set_exact(c, n) ((void)(n), (c))
#define __builtin_cheri_program_counter_get() ((void *)0)
#define __builtin_cheri_stack_get() ((void *)0)
#define __builtin_cheri_global_data_get() ((void *)0)
#define __builtin_cheri_round_representable_length(n) (n)
#define __builtin_cheri_representable_alignment_mask(n) ((void)(n), ~0u)
