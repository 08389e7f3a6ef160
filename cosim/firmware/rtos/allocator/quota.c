#include "quota.h"

#include <cheri.h>
#include <token.h>

enum { LastIdentity = 8191 };

uint32_t identities; /* given so far */

struct Quota *quota_open(AllocatorCapability handle, int needed)
{
	if ((token_permissions_get(handle) & needed) != needed)
		return NULL;
	struct Quota *quota = token_obj_unseal_static(STATIC_SEALING_TYPE(MallocKey), handle);
	if (!cheri_tag_get(quota))
		return NULL;
	if (!quota->identity) {
		if (identities >= LastIdentity)
			return NULL;
		quota->identity = ++identities;
	}
	return quota;
}
