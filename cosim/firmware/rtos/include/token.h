/* Sealed objects: opaque handles that only the holder of a key can open. A handle carries three permission bits whose
   meaning its type decides; they can be given up, never regained. */
#pragma once

#include <cdefs.h>
#include <cheri.h>
#include <stddef.h>
#include <stdlib.h>
#include <timeout.h>

#ifndef CHERI_SEALED
#define CHERI_SEALED(type) type
#endif

/* A sealing key: its address is the number of the type, seal and unseal are permissions. */
typedef struct TokenKeyType *TokenKey;

/* A key for a new type, or null when there are no more. */
__cheri_compartment("allocator") __cheriot_minimum_stack(0x40) TokenKey token_key_new(void);

/* Allocate an object of a type on a quota: its handle with all permission bits, or null. The first needs a key that
   seals and unseals and stores the payload's pointer (or null) through `unsealed`, if that can be used. */
__cheri_compartment("allocator") CHERI_SEALED(void *)
    token_sealed_unsealed_alloc(TimeoutArgument timeout, AllocatorCapability quota, TokenKey key, size_t size,
                                void **unsealed);
__cheri_compartment("allocator") CHERI_SEALED(void *)
    token_sealed_alloc(TimeoutArgument timeout, AllocatorCapability quota, TokenKey key, size_t size);

/* Free a dynamic object; needs its key and the quota that paid (or claims): 0, -EINVAL, -EPERM. */
__cheri_compartment("allocator") int token_obj_destroy(AllocatorCapability quota, TokenKey key,
                                                       CHERI_SEALED(void *) object);

/* What token_obj_destroy would return. */
__cheri_compartment("allocator") int token_obj_can_destroy(AllocatorCapability quota, TokenKey key,
                                                           CHERI_SEALED(void *) object);

/* The payload of a handle that the key opens, else null; of any kind, of one made at run time, of one of the image. */
__cheri_libcall void *token_obj_unseal(TokenKey key, CHERI_SEALED(void *) object);
__cheri_libcall void *token_obj_unseal_dynamic(TokenKey key, CHERI_SEALED(void *) object);
__cheri_libcall void *token_obj_unseal_static(TokenKey key, CHERI_SEALED(void *) object);

#define token_unseal(key, sealed) ((__typeof__(sealed))token_obj_unseal((key), (sealed)))

/* The same handle with fewer permission bits; untagged if it is no handle. */
__cheri_libcall CHERI_SEALED(void *) token_permissions_and(CHERI_SEALED(void *) object, int permissions);

static inline int token_permissions_get(CHERI_SEALED(void *) object)
{
	return cheri_address_get(object) & 7;
}
