/* Keys and objects for new sealed types. Opening a handle needs nothing from here; the token library does that. */
#include "allocate.h"
#include "lock.h"
#include "release.h"
#include "report.h"

#include <cheri.h>
#include <errno.h>
#include <token.h>

enum { SealHeader = 8, AllPermissions = 7, DynamicObject = 11 };
#define FIRST_KEY 0xFFFFFFFEU
#define LAST_KEY 0x01000001U

uint32_t keys_made;

struct SealedHeader { /* in front of the payload */
	uint32_t type;
	uint32_t unused;
};

/* ---- keys */

__cheriot_interrupts(disabled) static TokenKey make_key(void)
{
	if (keys_made > FIRST_KEY - LAST_KEY)
		return NULL;
	TokenKey key = cheri_address_set((TokenKey)LOADER_KEY(sealing_key_dynamic_types), FIRST_KEY - keys_made++);
	observe_sealkey(keys_made);
	return cheri_bounds_set_exact(key, 1);
}

TokenKey token_key_new(void)
{
	return make_key();
}

/* Is it a sealing key with these permissions? */
static bool key_permits(TokenKey key, uint32_t permissions)
{
	return cheri_tag_get(key) && cheri_is_unsealed(key) && cheri_length_get(key) == 1 &&
	       cheri_address_get(key) == cheri_base_get(key) && (cheri_permissions_get(key) & permissions) == permissions;
}

/* ---- allocation */

/* The payload of a new object of the key's type, bounded to it, or null; its handle through `sealed`. */
static void *make(TimeoutArgument timeout, AllocatorCapability handle, TokenKey key, uint32_t size, void **sealed)
{
	uint32_t rounded = cheri_representable_length(size);
	*sealed = NULL;
	if (rounded == 0 || rounded > UINT32_MAX - SealHeader || lock_acquire())
		return NULL;
	struct Quota *quota = quota_open(handle, AllocatorPermitAllocate);
	if (!quota) {
		lock_release();
		return NULL;
	}
	char *whole = allocate(timeout, quota, rounded + SealHeader, AllocateWaitAny, true);
	if (!cheri_tag_get(whole))
		return NULL;
	ptraddr_t top = cheri_top_get(whole), start = (top - rounded) & -GRANULE;
	char *payload = cheri_address_set(whole, start);
	((struct SealedHeader *)(payload - SealHeader))->type = cheri_address_get(key);
	*sealed = cheri_seal(payload + AllPermissions, LOADER_KEY(sealing_key_objects));
	return cheri_bounds_set_exact(payload, top - start);
}

/* Store the payload's pointer where the caller asked for it, if that can be done. Interrupts are off so that nobody
   frees that memory between check and store. */
__cheriot_interrupts(disabled) static void deliver(void **out, void *payload)
{
	uint32_t needed = CHERI_PERM_STORE | CHERI_PERM_LOAD_STORE_CAP;
	ptraddr_t base = cheri_base_get(out), address = cheri_address_get(out);
	const void *stack = cheri_stack_get();
	if (cheri_tag_get(out) && cheri_is_unsealed(out) && (cheri_permissions_get(out) & needed) == needed &&
	    address % sizeof(void *) == 0 && address >= base && cheri_length_get(out) >= sizeof(void *) &&
	    address - base <= cheri_length_get(out) - sizeof(void *) &&
	    (cheri_top_get(out) <= cheri_base_get(stack) || cheri_top_get(stack) <= base))
		*out = payload;
}

void *token_sealed_unsealed_alloc(TimeoutArgument timeout, AllocatorCapability quota, TokenKey key, size_t size,
                                  void **unsealed)
{
	if (!limit_admit(&timeout))
		return NULL;
	void *sealed = NULL, *payload = NULL;
	if (key_permits(key, CHERI_PERM_SEAL | CHERI_PERM_UNSEAL))
		payload = make(timeout, quota, key, size, &sealed);
	deliver(unsealed, payload);
	return sealed;
}

void *token_sealed_alloc(TimeoutArgument timeout, AllocatorCapability quota, TokenKey key, size_t size)
{
	void *sealed = NULL;
	if (limit_admit(&timeout) && key_permits(key, CHERI_PERM_SEAL))
		make(timeout, quota, key, size, &sealed);
	return sealed;
}

/* ---- release */

/* The whole allocation behind a dynamic handle that the key opens, or null. With the lock held nobody can free it. */
static void *open_whole(TokenKey key, void *sealed)
{
	if (!key_permits(key, CHERI_PERM_UNSEAL) || !cheri_tag_get(sealed) || cheri_type_get(sealed) != DynamicObject)
		return NULL;
	char *whole = cheri_unseal((char *)sealed, LOADER_KEY(sealing_key_objects));
	ptraddr_t payload = cheri_address_get(whole) & ~(ptraddr_t)AllPermissions;
	struct SealedHeader *header = (struct SealedHeader *)cheri_address_set(whole, payload - SealHeader);
	return header->type == cheri_address_get(key) ? whole : NULL;
}

static int destroy(AllocatorCapability quota, TokenKey key, void *sealed, bool trial)
{
	int code = lock_acquire();
	if (code)
		return code;
	void *whole = open_whole(key, sealed);
	code = whole ? release(quota, whole, trial) : -EINVAL;
	if (code == 0 && !trial)
		lock_wake_sleepers();
	lock_release();
	return code;
}

int token_obj_destroy(AllocatorCapability quota, TokenKey key, void *object)
{
	return destroy(quota, key, object, false);
}

int token_obj_can_destroy(AllocatorCapability quota, TokenKey key, void *object)
{
	return destroy(quota, key, object, true);
}
