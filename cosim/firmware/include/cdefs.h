/* Marks of compartment interfaces. They expand to [[...]] for the project's compiler and to the attributes of
   CHERIoT clang otherwise, so that one source serves both. */
#pragma once

#ifdef __cheriot_cc__
#define __cheri_compartment(name) [[cheriot::compartment(name)]]
#define __cheri_libcall [[cheriot::libcall]]
#define __cheri_callback [[cheriot::callback]]
#define __cheriot_minimum_stack(bytes) [[cheriot::minimum_stack(bytes)]]
#define __cheriot_interrupts(posture) [[cheriot::interrupt_state(posture)]]
#else
#define __cheri_compartment(name) __attribute__((cheri_compartment(name)))
#define __cheri_libcall __attribute__((cheri_libcall))
#define __cheri_callback __attribute__((cheri_ccallback))
#define __cheriot_minimum_stack(bytes) __attribute__((cheriot_minimum_stack(bytes)))
#define __cheriot_interrupts(posture) __attribute__((cheri_interrupt_state(posture)))
#endif
#define __cheriot_callback __cheri_callback
#define __cheriot_compartment(name) __cheri_compartment(name)
#define __cheriot_libcall __cheri_libcall

#define __noinline __attribute__((noinline))
#define __always_inline inline __attribute__((always_inline))
#define __unused __attribute__((unused))
#define __packed __attribute__((packed))
#define __predict_true(x) __builtin_expect((x), 1)
#define __predict_false(x) __builtin_expect((x), 0)
