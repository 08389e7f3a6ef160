/* The gate. It has no memory of its own: connections lie on their users' quotas, sealed, so that nobody else can read
   or change them. Permission is looked at before the type. */
#include "net_gate.h"
#include <errno.h>

struct Connection {
	struct Host host;
};

static TokenKey host_key(void)
{
	return STATIC_SEALING_TYPE(HostKey);
}

static TokenKey connection_key(void)
{
	return STATIC_SEALING_TYPE(ConnectionKey);
}

static void *failure(int code)
{
	return (void *)code;
}

ConnectionHandle net_lookup(TimeoutArgument timeout, AllocatorCapability quota, HostCapability host)
{
	if (!(token_permissions_get(host) & HostPermitUse))
		return failure(-EPERM);
	struct Host *known = token_obj_unseal_static(host_key(), host);
	if (!cheri_tag_get(known))
		return failure(-EINVAL);
	void *made = NULL;
	void *handle = token_sealed_unsealed_alloc(timeout, quota, connection_key(), sizeof(struct Connection), &made);
	struct Connection *connection = made;
	if (!cheri_tag_get(connection))
		return failure(-ENOMEM);
	connection->host = *known;
	return handle;
}

int net_connect(TimeoutArgument timeout, ConnectionHandle handle)
{
	if (!(token_permissions_get(handle) & HostPermitUse))
		return -EPERM;
	struct Connection *connection = token_obj_unseal_dynamic(connection_key(), handle);
	return cheri_tag_get(connection) ? (int)connection->host.port : -EINVAL;
}

int net_close(AllocatorCapability quota, ConnectionHandle handle)
{
	return token_obj_destroy(quota, connection_key(), handle);
}
