/* Values of mcause that the RTOS meets. */
#pragma once

#define MCAUSE_ILLEGAL_INSTRUCTION 2U
#define MCAUSE_BREAKPOINT 3U
#define MCAUSE_ECALL_MACHINE 11U
#define MCAUSE_THREAD_EXIT 24U /* written by the switcher when a thread has ended */
#define MCAUSE_CHERI 28U
#define MCAUSE_MACHINE_TIMER 0x80000007U
#define MCAUSE_MACHINE_EXTERNAL 0x8000000BU
