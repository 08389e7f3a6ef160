/* A network gate: who may reach which host is written in the system's description; here that static right is turned
   into the right to one connection. Permission bit 1 of either handle is the right to use it. */
#pragma once

#include <allocator.h>
#include <compartment.h>
#include <stdint.h>
#include <timeout.h>
#include <token.h>

enum { HostPermitUse = 1 };

/* What a static object sealed with net_gate.HostKey holds. Auditors can read it, nobody can change it. */
struct Host {
	char name[32];
	uint32_t port;
	uint32_t flags;
};

typedef CHERI_SEALED(struct Host *) HostCapability;
struct Connection;
typedef CHERI_SEALED(struct Connection *) ConnectionHandle;

/* The right to one connection to that host, on the caller's quota: a handle, or untagged -EPERM, -EINVAL, -ENOMEM. */
__cheri_compartment("net_gate") ConnectionHandle net_lookup(TimeoutArgument timeout, AllocatorCapability quota,
                                                            HostCapability host);
/* Connect: the port, -EPERM, -EINVAL. */
__cheri_compartment("net_gate") int net_connect(TimeoutArgument timeout, ConnectionHandle connection);
/* Give the right and its memory back: 0, -EINVAL, or why the quota cannot free it. */
__cheri_compartment("net_gate") int net_close(AllocatorCapability quota, ConnectionHandle connection);
