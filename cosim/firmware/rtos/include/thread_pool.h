/* Worker threads that run other compartments' functions. A worker is a thread with the entry thread_pool_run. */
#pragma once

#include <compartment.h>
#include <stdlib.h>
#include <string.h>
#include <token.h>

/* Runs in the compartment that submitted it, on a worker's thread. */
typedef __cheri_callback void (*ThreadPoolCallback)(CHERI_SEALED(void *));

struct ThreadPoolMessage {
	ThreadPoolCallback invoke;
	CHERI_SEALED(void *) data;
};

/* Ask for `callback(data)`: 0, or -EINVAL unless both may be kept by others. `data` is sealed, or no pointer at all.
   Waits without limit while sixteen requests are pending. */
__cheri_compartment("thread_pool") int thread_pool_async(ThreadPoolCallback callback, CHERI_SEALED(void *) data);

/* Never returns. */
__cheri_compartment("thread_pool") int thread_pool_run(void);

/* The same with a copy of `size` bytes on the caller's default quota, sealed with a key of the caller's, which is made
   when `*key` is null. Without memory this is an illegal instruction. */
static inline int thread_pool_async_object(TokenKey *key, ThreadPoolCallback callback, const void *captured,
                                           size_t size)
{
	if (!cheri_tag_get(*key))
		*key = token_key_new();
	void *body;
	CHERI_SEALED(void *)
	handle = token_sealed_unsealed_alloc(TimeoutWaitForever, MALLOC_CAPABILITY, *key, size, &body);
	if (!cheri_tag_get(body))
		__builtin_trap();
	memcpy(body, captured, size);
	return thread_pool_async(callback, handle);
}

/* In the callback: the copy, and its end. */
static inline void *thread_pool_object(TokenKey *key, CHERI_SEALED(void *) handle)
{
	return token_obj_unseal(*key, handle);
}

static inline int thread_pool_object_done(TokenKey *key, CHERI_SEALED(void *) handle)
{
	return token_obj_destroy(MALLOC_CAPABILITY, *key, handle);
}
