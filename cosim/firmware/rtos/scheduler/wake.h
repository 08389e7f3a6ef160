/* Waking the waiters of an address, for the futex entry and for interrupts. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WAKE_ALL UINT32_MAX

/* futex.c: make ready up to `count` waiters of that address: their number. Plain waiters come before multiwaiters.
   `inherited` is set if a waiter with priority inheritance was among them. */
uint32_t wake_waiters(ptraddr_t address, uint32_t count, bool *inherited);

/* multiwaiter.c: the part of it for multiwaiters. */
uint32_t wake_multiwaiters(ptraddr_t address, uint32_t count);
