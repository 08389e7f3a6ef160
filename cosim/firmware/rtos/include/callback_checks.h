/* What a service that calls back later may accept. */
#pragma once

#include <cheri.h>
#include <stdbool.h>

#define OTYPE_EXPORT_ENTRY 9

/* The callback is an export entry and the data sealed (or no pointer at all), and both may be stored anywhere. */
static inline bool callback_is_acceptable(const void *callback, const void *data)
{
	return cheri_tag_get(callback) && cheri_type_get(callback) == OTYPE_EXPORT_ENTRY &&
	       (cheri_permissions_get(callback) & CHERI_PERM_GLOBAL) &&
	       (!cheri_tag_get(data) ||
	        (cheri_is_sealed(data) && (cheri_permissions_get(data) & CHERI_PERM_GLOBAL)));
}
